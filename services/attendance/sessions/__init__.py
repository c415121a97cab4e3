"""Sessions (服务课次): a group on a date between two instants, from being scheduled to being closed.

The series follows from the group's slot and the term's calendar; who stands in it from vetting's roster. Closing a
session says who served and how many were there; money and pay follow from that and from nothing else (S5).
"""

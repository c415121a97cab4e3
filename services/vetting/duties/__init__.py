"""Duties (带班领导): who leads the duty at a school on a date. Not a role of a token but an assignment in time."""

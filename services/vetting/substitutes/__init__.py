"""Substitutes (代班): whenever an assignment ends before its session, somebody else is sought until one accepts.

Nobody accepting in time escalates by persisted timers (S3); children are never sent away for it.
"""

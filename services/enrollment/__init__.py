"""Enrollment (报名): which child takes part in what, under whose rules, with whose consent."""

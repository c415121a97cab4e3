"""Notices (家长告知书) and windows (报名期): families are told all that the profile demands, on every channel it names.

Then they may apply, while a window is open.
"""

"""Checks (准入查询): queries about a person at an authority, and certificates seen; each holds as of a date.

What a category needs is computed from the profile and never stored. A result comes from an officer at the door, or
from a file of many; both end in `commands.keep`.
"""

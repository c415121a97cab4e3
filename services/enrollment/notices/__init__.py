"""Notices (家长告知书): before they choose, families are told all that the profile demands, on every channel named."""

"""Waivers (减免): needy pupils pay less or nothing. The basis is sealed here; only the percent leaves finance (S8)."""

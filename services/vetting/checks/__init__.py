"""Checks (准入查询): queries about a person at the authority, and certificates seen; each as of a date."""

"""Code lists that more than one service speaks by (domain.md §4.2)."""

SUPERVISING = ("LEAD", "ASSIST")
"""Roles in a session in which somebody answers for children."""

PROHIBITIONS = tuple(f"PB{number:02d}" for number in range(1, 11))
"""The ten prohibitions (十严禁)."""

TARGETS = SCHOOL, PERSON, PROVIDER = ("SCHOOL", "PERSON", "PROVIDER")
"""Who breaks one."""

ETHICS_CATEGORIES = tuple(f"E{number:02d}" for number in range(1, 12))
"""Of a breach of teachers' ethics (教师职业道德)."""

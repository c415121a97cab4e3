"""Code lists that more than one service speaks by (domain.md §4.2)."""

ROLES = ("LEAD", "ASSIST", "HELPER")
"""Of a person in a session (排班)."""

SUPERVISING = ROLES[:2]
"""Those in which somebody answers for children."""

PROHIBITIONS = tuple(f"PB{number:02d}" for number in range(1, 11))
"""The ten prohibitions (十严禁)."""

TARGETS = SCHOOL, PERSON, PROVIDER = ("SCHOOL", "PERSON", "PROVIDER")
"""Who breaks one."""

ETHICS_CATEGORIES = tuple(f"E{number:02d}" for number in range(1, 12))
"""Of a breach of teachers' ethics (教师职业道德)."""

"""What the register's words mean to the service."""

from collections.abc import Collection

LAST_PRIMARY_GRADE = 6


def stage_of(grade: int) -> str:
    """Grades 1 to 6 are primary, 7 to 9 junior."""
    return "primary" if grade <= LAST_PRIMARY_GRADE else "junior"


def main_role(roles: Collection[str]) -> str:
    """The one role that a staff list shows of several at a school: whoever teaches is a teacher."""
    return "teacher" if "teacher" in roles else min(roles)

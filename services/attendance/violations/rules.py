"""Who notes that a prohibition seems to be broken, and of what."""

from datetime import date
from uuid import UUID

from shared.policy.codes import SCHOOL
from shared.refusals import Invalid

ON_THE_SPOT = frozenset({"inspector", "principal", "leadership_member", "academic_affairs"})
"""Roles that look after a school's service on any day; the duty leader does on theirs."""


def need_seen(on: date, today: date) -> None:
    """It happened today or before."""
    if on > today:
        raise Invalid({"on": "in_the_future"})


def need_target(target_kind: str, target_id: UUID, school_id: UUID) -> None:
    """The school of which it is said is the one where it was seen."""
    if target_kind == SCHOOL and target_id != school_id:
        raise Invalid({"target_id": "another_school"})

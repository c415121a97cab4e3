"""What a contract needs (V7)."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from shared.refusals import Invalid
from shared.states import Machine

ENGAGEMENT = Machine(
    "聘用协议 engagement",
    "DRAFT",
    {
        ("DRAFT", "sign"): "SIGNED",
        ("SIGNED", "activate"): "ACTIVE",
        ("ACTIVE", "terminate"): "ENDED",
        ("SIGNED", "terminate"): "ENDED",
        ("DRAFT", "terminate"): "ENDED",
        ("ACTIVE", "expire"): "ENDED",
    },
)

PARTIES = ("school", "person")


def need_interval(starts_on: date, ends_on: date) -> None:
    """An interval ends no earlier than it begins."""
    if ends_on < starts_on:
        raise Invalid({"ends_on": "before_starts_on"})


def need_elsewhere(schools: Collection[UUID], school_id: UUID) -> None:
    """A teacher is sent from a school of the district to another one."""
    if not schools or school_id in schools:
        raise Invalid({"person_id": "of_no_other_school"})


def is_signed(signed_by: list[str]) -> bool:
    """Both parties have signed."""
    return set(signed_by) == set(PARTIES)

"""How a weekly record goes, and when a term may be sealed (A13)."""

from collections import Counter
from collections.abc import Collection, Iterable
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

ACTIVITY_RECORD = Machine(
    "活动记录 activity record",
    "DUE",
    {
        ("DUE", "submit"): "SUBMITTED",
        ("SUBMITTED", "submit"): "SUBMITTED",
        ("SUBMITTED", "accept"): "ARCHIVED",
        ("DUE", "waive"): "WAIVED",
    },
)

DONE = ("ARCHIVED", "WAIVED")
WEEKLY_LOG = "records.weekly_log"


def need_class_teacher(teacher: UUID | None, caller: UUID | None, policy: Policy) -> None:
    """The class teacher keeps the class's record."""
    if teacher is None or teacher != caller:
        raise Refused("not_class_teacher", clauses=policy.clauses(WEEKLY_LOG))


def need_unsealed(is_sealed: bool, policy: Policy) -> None:
    """A sealed term changes no more (INV-ATT-16)."""
    if is_sealed:
        raise Refused("archive_sealed", clauses=policy.clauses("records.archive"))


def demanded_weeks(weeks_of_service_days: Iterable[int], policy: Policy) -> set[int]:
    """The weeks that owe a record: with enough service days (Q18), where the profile asks for a weekly log at all."""
    if policy.value(WEEKLY_LOG) is None:
        return set()
    least = policy.value("records.weekly_log_minimum_service_days")
    return {week for week, days in Counter(weeks_of_service_days).items() if days >= least}


def need_complete(
    classes: Collection[UUID], weeks: Collection[int], done: Collection[tuple[UUID, int]], running: int, policy: Policy
) -> None:
    """Each class has its record of each week, and no session is still running."""
    missing = len({(class_id, week) for class_id in classes for week in weeks} - set(done))
    if missing:
        raise Refused("records_missing", clauses=policy.clauses(WEEKLY_LOG), missing=missing)
    if running:
        raise Refused("sessions_running", clauses=policy.clauses("records.archive"), running=running)

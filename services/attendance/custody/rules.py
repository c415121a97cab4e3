"""How a child passes from keeper to keeper (A3)."""

from collections.abc import Collection
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

IN_CARE = ("IN_SERVICE", "AWAITING_PICKUP", "LATE", "AD_HOC_CARE")
RECEIVING = ("OPEN", "IN_PROGRESS")

CUSTODY = Machine(
    "看护责任链 custody chain",
    "WITH_CLASS",
    {
        ("NOT_ARRIVED", "early_arrival"): "EARLY_CARE",
        ("EARLY_CARE", "hand_to_service"): "IN_SERVICE",
        ("WITH_CLASS", "hand_to_service"): "IN_SERVICE",
        ("RELEASED", "hand_to_service"): "IN_SERVICE",
        ("WITH_CLASS", "keep_ad_hoc"): "AD_HOC_CARE",
        ("IN_SERVICE", "dismiss"): "AWAITING_PICKUP",
        ("AWAITING_PICKUP", "wait_too_long"): "LATE",
        ("IN_SERVICE", "join"): "IN_SERVICE",
        ("AWAITING_PICKUP", "join"): "IN_SERVICE",
    }
    | {(state, "transfer"): state for state in IN_CARE}
    | {(state, "release"): "RELEASED" for state in IN_CARE},
)


def need_receiving(state: str, policy: Policy) -> None:
    """Children are received by a session that is open."""
    if state not in RECEIVING:
        raise _refused("session_not_receiving", policy, state=state)


def need_class_teacher(teacher: UUID | None, caller: UUID | None, policy: Policy) -> UUID:
    """Only the class teacher hands a class over; returns who that is."""
    if teacher is None or teacher != caller:
        raise _refused("not_class_teacher", policy)
    return teacher


def need_headcount(headcount: int, pupil_ids: Collection[UUID], policy: Policy) -> None:
    """The heads counted by both are the names on the list."""
    if headcount != len(pupil_ids):
        raise _refused("headcount_differs", policy, counted=headcount, listed=len(pupil_ids))


def need_class(pupil_ids: Collection[UUID], of_class: Collection[UUID], policy: Policy) -> None:
    """Every pupil on the list belongs to the class."""
    if strangers := set(pupil_ids) - set(of_class):
        raise _refused("pupil_not_in_class", policy, count=len(strangers))


def need_receiver(receiver: UUID | None, keepers: Collection[UUID], policy: Policy) -> UUID:
    """Who takes the children: the named keeper of the session, or its first; returns who that is."""
    taker = receiver or next(iter(keepers), None)
    if taker is None or taker not in keepers:
        raise _refused("receiver_not_on_duty", policy)
    return taker


def need_all_kept(pupil_ids: Collection[UUID], found: Collection[UUID], policy: Policy) -> None:
    """Every pupil on the list is in the caller's care today."""
    if missing := set(pupil_ids) - set(found):
        raise _refused("pupil_not_in_your_care", policy, count=len(missing))


def _refused(code: str, policy: Policy, **facts: object) -> Refused:
    return Refused(code, gate="G-HANDOVER", clauses=policy.clauses("safety.systems"), **facts)

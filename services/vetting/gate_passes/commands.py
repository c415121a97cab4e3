"""Issuing and revoking passes."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from services.vetting.gate_passes import queries, rules
from services.vetting.tables import HELD, GatePass, Person
from shared.clock import day_begins, day_ends
from shared.contracts.vetting import GatePassesRevoked, GatePassIssued
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.timers import set_timer

EXPIRY = "gate_pass.expiry"


def issue(work: Work, *, person_id: UUID, school_id: UUID, on: date) -> list[GatePass]:
    """Passes for the person's confirmed assignments of one day, one for each stretch of hours; what stands, stays.

    Raises Refused when there is no assignment.
    """
    work.caller.need_school(school_id)
    person = work.get(Person, person_id, lock=True)
    policy = policy_of_district(work)
    hours = queries.hours(work, [person_id], day_begins(on), day_ends(on), ("CONFIRMED",))[person_id, school_id]
    rules.need_hours(hours, policy)
    standing = {(one.valid_from, one.valid_to): one for one in queries.standing(work, [person_id], school_id)}
    return [
        standing.get(window) or _issue(work, person.district_id, school_id, person_id, window)
        for window in rules.windows(hours, policy)
    ]


def revoke(work: Work, pass_id: UUID) -> GatePass:
    """A pass holds no more; another one may be given for the same day."""
    work.one(queries.list_passes(work).where(GatePass.id == pass_id), thing="gate pass")
    held = work.get(GatePass, pass_id, lock=True)
    _revoke(work, [held], "WITHDRAWN")
    return held


def revoke_all(work: Work, person: Person, cause: str) -> None:
    """Every pass of a person that could still be shown; the caller holds the person's row."""
    _revoke(work, queries.standing(work, [person.id]), cause)


def follow_roster(work: Work, person_ids: Collection[UUID], cause: str) -> None:
    """After people were taken off sessions: a pass that reaches beyond their assignments is revoked, and what is left
    of it is given anew (INV-VET-11).
    """
    standing = queries.standing(work, person_ids)
    if not standing:
        return
    policy = policy_of_district(work)
    first, last = min(one.valid_from for one in standing), max(one.valid_to for one in standing)
    hours = queries.hours(work, person_ids, first, last, HELD)
    left = {
        one: rules.within((one.valid_from, one.valid_to), rules.windows(hours[one.person_id, one.school_id], policy))
        for one in standing
    }
    too_wide = [one for one, parts in left.items() if parts != [(one.valid_from, one.valid_to)]]
    _revoke(work, too_wide, cause)
    for one in too_wide:
        for part in left[one]:
            if part[1] > work.now:
                _issue(work, one.district_id, one.school_id, one.person_id, part)


def expire(work: Work, pass_id: UUID) -> None:
    """A pass's last instant is over (timer)."""
    held = work.get(GatePass, pass_id, lock=True)
    if held.state == rules.GATE_PASS.initial and held.valid_to <= work.now:
        held.state = rules.GATE_PASS.move(held.state, "expire")


def _issue(work: Work, district_id: UUID, school_id: UUID, person_id: UUID, window: rules.Window) -> GatePass:
    valid_from, valid_to = window
    issued = work.add(
        GatePass(
            district_id=district_id,
            school_id=school_id,
            person_id=person_id,
            state=rules.GATE_PASS.initial,
            valid_from=valid_from,
            valid_to=valid_to,
        )
    )
    set_timer(work, EXPIRY, issued.id, valid_to)
    work.emit(
        GatePassIssued(
            district_id=district_id,
            school_id=school_id,
            pass_id=issued.id,
            person_id=person_id,
            valid_from=valid_from,
            valid_to=valid_to,
        )
    )
    return issued


def _revoke(work: Work, passes: Sequence[GatePass], cause: str) -> None:
    by_owner: dict[tuple[UUID, UUID], list[GatePass]] = defaultdict(list)
    for one in passes:
        one.state, one.cause = rules.GATE_PASS.move(one.state, "revoke"), cause
        by_owner[one.school_id, one.person_id].append(one)
    for (school_id, person_id), revoked in by_owner.items():
        work.emit(
            GatePassesRevoked(
                district_id=revoked[0].district_id,
                school_id=school_id,
                person_id=person_id,
                pass_ids=tuple(one.id for one in revoked),
                cause=cause,
            )
        )

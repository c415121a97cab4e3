"""Giving a clearance and taking it away. Whoever takes a clearance away takes the roster with it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.vetting.clearances import rules
from services.vetting.duties import commands as duties
from services.vetting.engagements import commands as engagements
from services.vetting.gate_passes import commands as gate_passes
from services.vetting.people import queries as people
from services.vetting.people import rules as standing
from services.vetting.rosters import commands as rosters
from services.vetting.tables import Person, Receipt, WrittenNotice
from shared.clock import day_begins, day_ends
from shared.contracts.vetting import (
    StaffBlocked,
    StaffCleared,
    StaffExited,
    StaffExpired,
    StaffRegistered,
    StaffRestored,
    StaffSuspended,
)
from shared.events import Event
from shared.messaging.work import Work
from shared.notifications import notify
from shared.policy.published import policy_of_district
from shared.refusals import Refused
from shared.timers import cancel_timer, set_timer

EXPIRY, REMINDER = "clearance.expiry", "clearance.reminder"

# Giving


def start_review(work: Work, person_id: UUID, *, consent: bool) -> Person:
    """Begin a review, with consent to the queries (高检发〔2020〕14号); never while a record is in force."""
    person = people.find_person(work, person_id, lock=True)
    policy = policy_of_district(work)
    standing.need_consent(consent, policy)
    state = standing.STAFF_MEMBER.move(person.state, "start_review")
    standing.need_no_record(people.blocking_records(work, person_id, work.today), policy)
    person.state, person.consent_at, person.reason_class = state, work.now, None
    work.emit(StaffRegistered(district_id=person.district_id, person_id=person.id, category=person.category))
    return person


def clear(work: Work, person_id: UUID) -> Person:
    """Clear a person whose checks are complete: for the first time, again, or before the clearance of before ends."""
    person = people.find_person(work, person_id, lock=True)
    _not_about_oneself(work, person, "clear")
    state, policy = standing.STAFF_MEMBER.move(person.state, "clear"), policy_of_district(work)
    standing.need_no_precaution(people.open_allegations(work, person_id), policy)
    person.valid_until = standing.clear(
        person.category,
        people.seen_checks(work, person_id),
        people.blocking_records(work, person_id, work.today),
        work.today,
        policy,
    )
    is_back = person.state != "CLEARED" and person.clearance_epoch > 0
    _move(work, person, state)
    _say_cleared(work, person, StaffRestored if is_back else StaffCleared)
    return person


def restore(work: Work, person_id: UUID) -> Person:
    """End a suspension whose allegation was dismissed: the clearance of before holds again, under a new epoch.

    One that has run out meanwhile is over.
    """
    person = people.find_person(work, person_id, lock=True)
    _not_about_oneself(work, person, "restore")
    if person.valid_until is None or person.valid_until < work.today:
        lose_ground(work, person)
        return person
    _move(work, person, standing.STAFF_MEMBER.move(person.state, "restore"))
    _say_cleared(work, person, StaffRestored)
    return person


def remind(work: Work, person_id: UUID) -> None:
    """A clearance ends soon (timer): tell the person, and again on the next day that the profile names (S14)."""
    person = people.find_person(work, person_id, lock=True)
    if person.state != "CLEARED" or person.valid_until is None:
        return
    notify(work, person.id, "clearance_ends_soon", valid_until=person.valid_until.isoformat())
    _set_reminder(work, person)


# Taking away


def suspend(work: Work, person_id: UUID, reason_class: str = "PRECAUTION") -> Person:
    """Take a person off every roster while a serious allegation is examined."""
    person = people.find_person(work, person_id, lock=True)
    _take_away(work, person, "suspend", partial(StaffSuspended, reason_class=reason_class), reason_class)
    return person


def block(work: Work, person_id: UUID, reason_class: str, *, record_id: UUID | None = None) -> Person:
    """Keep a person away from children everywhere in the district, from this transaction on; a written notice is due.

    `record_id` is the conduct record behind it.
    """
    person = people.find_person(work, person_id, lock=True)
    _take_away(work, person, "block", partial(StaffBlocked, reason_class=reason_class), reason_class)
    owe_notice(work, person, rules.BLOCK, reason_class, record_id)
    return person


def expire(work: Work, person_id: UUID) -> None:
    """The clearance ran out (timer): the same consequences as a block, without its stigma (S14)."""
    person = people.find_person(work, person_id, lock=True)
    if person.valid_until is not None and person.valid_until < work.today:
        _take_away(work, person, "expire", StaffExpired, "EXPIRED")


def lose_ground(work: Work, person: Person) -> None:
    """A check that the clearance rests on came to nothing: it ends as if it had run out (INV-VET-04)."""
    if person.state in ("CLEARED", "SUSPENDED"):
        _take_away(work, person, "expire", StaffExpired, "EXPIRED")


def leave(work: Work, person_id: UUID) -> Person:
    """A person serves no more in the district: off every roster, passes and contracts ended.

    Only who was cleared is said to have left: for everybody else a suspension, a block or an expiry stands elsewhere.
    """
    person = people.find_person(work, person_id, lock=True)
    _take_away(work, person, "leave", StaffExited if person.state == "CLEARED" else None, None)
    engagements.end_all(work, person_id)
    return person


def owe_notice(work: Work, person: Person, code: str, reason_class: str, record_id: UUID | None = None) -> None:
    """The person is to be told in writing, with the right of re-check (教师函〔2023〕1号)."""
    policy = policy_of_district(work)
    notice = work.add(
        WrittenNotice(
            district_id=person.district_id,
            person_id=person.id,
            code=code,
            reason_class=reason_class,
            record_id=record_id,
            decided_by=work.caller.subject,
            due_on=rules.notice_due(work.today, policy),
            review_days=policy.value("clearance.review_days"),
            state=rules.WRITTEN_NOTICE.initial,
        )
    )
    notify(work, person.id, "written_notice", notice_id=str(notice.id))


def _take_away(
    work: Work, person: Person, action: str, said: Callable[..., Event] | None, reason_class: str | None
) -> None:
    _move(work, person, standing.STAFF_MEMBER.move(person.state, action))
    person.reason_class = reason_class
    if said is not None:
        person.lost_by = work.emit(
            said(
                district_id=person.district_id,
                person_id=person.id,
                category=person.category,
                clearance_epoch=person.clearance_epoch,
                effective_at=work.now,
            )
        )
    for kind in (EXPIRY, REMINDER):
        cancel_timer(work, kind, person.id)
    rosters.remove_person(work, person, person.state)
    duties.relieve_person(work, person.id, person.state)
    gate_passes.revoke_all(work, person, person.state)


def _move(work: Work, person: Person, state: str) -> None:
    person.state, person.reason_class = state, None
    person.clearance_epoch = work.next_number(person.clearance_epoch)


def _say_cleared(work: Work, person: Person, said: type[StaffCleared] | type[StaffRestored]) -> None:
    if person.valid_until is None:
        raise Refused("not_cleared", last_day=work.today.isoformat())
    work.emit(
        said(
            district_id=person.district_id,
            person_id=person.id,
            category=person.category,
            clearance_epoch=person.clearance_epoch,
            valid_until=person.valid_until,
        )
    )
    set_timer(work, EXPIRY, person.id, day_ends(person.valid_until))
    _set_reminder(work, person)


def _set_reminder(work: Work, person: Person) -> None:
    cancel_timer(work, REMINDER, person.id)
    if person.valid_until is None:
        return
    day = rules.next_reminder(person.valid_until, work.today, policy_of_district(work))
    if day is not None:
        set_timer(work, REMINDER, person.id, day_begins(day))


def _not_about_oneself(work: Work, person: Person, action: str) -> None:
    standing.need_another(action, work.caller.subject, work.caller.person_id, before=(), subject=person.id)


def keep_receipts(work: Work, listener: str, items: Sequence[Mapping[str, Any]]) -> None:
    """When a listener applied what took a clearance away; the first word stands."""
    rows = [
        {
            "event_id": UUID(one["event_id"]),
            "listener": listener,
            "applied_at": datetime.fromisoformat(one["applied_at"]),
        }
        for one in items
    ]
    work.session.execute(insert(Receipt).on_conflict_do_nothing(), rows)

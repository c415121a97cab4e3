"""Giving a clearance and taking it away. Whoever takes a clearance away takes the roster with it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.vetting.gate_passes import commands as gate_passes
from services.vetting.people import queries as people
from services.vetting.people import rules
from services.vetting.rosters import commands as rosters
from services.vetting.tables import Person, Receipt
from shared.clock import LOCAL
from shared.contracts.vetting import (
    StaffBlocked,
    StaffCleared,
    StaffExpired,
    StaffRegistered,
    StaffRestored,
    StaffSuspended,
)
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import Refused
from shared.timers import cancel_timer, set_timer


def start_review(work: Work, person_id: UUID, *, consent: bool) -> Person:
    """Begin a review, with the person's consent to the queries (高检发〔2020〕14号)."""
    person = people.find_person(work, person_id, lock=True)
    rules.need_consent(consent, policy_of_district(work))
    person.state = rules.STAFF_MEMBER.move(person.state, "start_review")
    person.consent_at = work.now
    work.emit(StaffRegistered(district_id=person.district_id, person_id=person.id, category=person.category))
    return person


def clear(work: Work, person_id: UUID) -> Person:
    """Clear a person whose checks are complete; a clearance after an earlier one is a restoration."""
    person = people.find_person(work, person_id, lock=True)
    _not_about_oneself(work, person)
    state = rules.STAFF_MEMBER.move(person.state, "clear")
    person.valid_until = rules.clear(
        person.category,
        people.seen_checks(work, person_id),
        people.blocking_records(work, person_id, work.today),
        work.today,
        policy_of_district(work),
    )
    said = StaffRestored if person.clearance_epoch else StaffCleared
    _move(work, person, state)
    _say_cleared(work, person, said)
    return person


def restore(work: Work, person_id: UUID) -> Person:
    """End a suspension whose allegation was dismissed: the clearance of before holds again, under a new epoch."""
    person = people.find_person(work, person_id, lock=True)
    _not_about_oneself(work, person)
    _move(work, person, rules.STAFF_MEMBER.move(person.state, "restore"))
    _say_cleared(work, person, StaffRestored)
    return person


def suspend(work: Work, person_id: UUID, reason_class: str = "PRECAUTION") -> Person:
    """Take a person off every roster while a serious allegation is examined."""
    person = people.find_person(work, person_id, lock=True)
    _move(work, person, rules.STAFF_MEMBER.move(person.state, "suspend"))
    person.lost_by = work.emit(
        StaffSuspended(
            district_id=person.district_id,
            person_id=person.id,
            category=person.category,
            clearance_epoch=person.clearance_epoch,
            effective_at=work.now,
            reason_class=reason_class,
        )
    )
    _take_off_rosters(work, person, "SUSPENDED")
    return person


def block(work: Work, person_id: UUID, reason_class: str) -> Person:
    """Keep a person away from children everywhere in the district, from this transaction on."""
    person = people.find_person(work, person_id, lock=True)
    _move(work, person, rules.STAFF_MEMBER.move(person.state, "block"))
    person.lost_by = work.emit(
        StaffBlocked(
            district_id=person.district_id,
            person_id=person.id,
            category=person.category,
            clearance_epoch=person.clearance_epoch,
            effective_at=work.now,
            reason_class=reason_class,
        )
    )
    _take_off_rosters(work, person, "BLOCKED")
    return person


def expire(work: Work, person_id: UUID) -> None:
    """The clearance ran out: the same consequences as a block, without its stigma (S14)."""
    person = people.find_person(work, person_id, lock=True)
    if person.valid_until is None or person.valid_until >= work.today:
        return
    _move(work, person, rules.STAFF_MEMBER.move(person.state, "expire"))
    person.lost_by = work.emit(
        StaffExpired(
            district_id=person.district_id,
            person_id=person.id,
            category=person.category,
            clearance_epoch=person.clearance_epoch,
            effective_at=work.now,
        )
    )
    _take_off_rosters(work, person, "EXPIRED")


def _move(work: Work, person: Person, state: str) -> None:
    person.state = state
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
    set_timer(work, "clearance.expiry", person.id, _end_of(person.valid_until))


def _take_off_rosters(work: Work, person: Person, cause: str) -> None:
    cancel_timer(work, "clearance.expiry", person.id)
    rosters.remove_person(work, person, cause)
    gate_passes.revoke_all(work, person, cause)


def _not_about_oneself(work: Work, person: Person) -> None:
    if work.caller.person_id == person.id:
        raise Refused("same_person", action="clear")


def _end_of(day: date) -> datetime:
    """The instant after `day`, in China."""
    return datetime.combine(date.fromordinal(day.toordinal() + 1), time(), LOCAL)


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

"""Naming a duty leader, and relieving one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.vetting.duties import queries, rules
from services.vetting.people import queries as people
from services.vetting.people import rules as clearance
from services.vetting.tables import Duty
from shared.clock import local_date
from shared.contracts.vetting import DutyLeaderNamed, DutyLeaderRelieved
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


def name_duty_leader(work: Work, *, school_id: UUID, person_id: UUID, starts_at: datetime, ends_at: datetime) -> Duty:
    """Name a cleared person to lead the duty between two instants of one day."""
    work.caller.need_school(school_id)
    rules.need_hours(starts_at, ends_at, is_one_day=local_date(starts_at) == local_date(ends_at))
    person = people.find_person(work, person_id, lock=True)
    clearance.g_clear(person.state, person.valid_until, local_date(ends_at), policy_of_district(work))
    duty = work.add(
        Duty(
            district_id=person.district_id,
            school_id=school_id,
            person_id=person_id,
            on=local_date(starts_at),
            starts_at=starts_at,
            ends_at=ends_at,
            state=rules.DUTY.initial,
        )
    )
    work.emit(DutyLeaderNamed(**_about(duty)))
    return duty


def relieve(work: Work, duty_id: UUID) -> Duty:
    """Somebody else is to lead: the school names them for itself."""
    duty = work.get(Duty, duty_id, lock=True)
    _relieve(work, duty, "CANCELLED")
    return duty


def relieve_person(work: Work, person_id: UUID, cause: str, *conditions: Any) -> None:
    """End a person's duties that are not over, all or those that meet conditions; the caller holds the person's row."""
    for duty in queries.ahead(work, person_id, *conditions):
        _relieve(work, duty, cause)


def _relieve(work: Work, duty: Duty, cause: str) -> None:
    duty.state, duty.cause = rules.DUTY.move(duty.state, "relieve"), cause
    work.emit(DutyLeaderRelieved(**_about(duty), cause=cause))


def _about(duty: Duty) -> dict[str, Any]:
    return {
        "district_id": duty.district_id,
        "school_id": duty.school_id,
        "duty_id": duty.id,
        "person_id": duty.person_id,
        "on": duty.on,
        "starts_at": duty.starts_at,
        "ends_at": duty.ends_at,
    }

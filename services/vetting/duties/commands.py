"""Naming a duty leader."""

from datetime import datetime
from uuid import UUID

from services.vetting.duties import rules
from services.vetting.people import queries as people
from services.vetting.people import rules as clearance
from services.vetting.tables import Duty
from shared.clock import local_date
from shared.contracts.vetting import DutyLeaderNamed
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
        )
    )
    work.emit(
        DutyLeaderNamed(
            district_id=person.district_id,
            school_id=school_id,
            duty_id=duty.id,
            person_id=person_id,
            on=duty.on,
            starts_at=starts_at,
            ends_at=ends_at,
        )
    )
    return duty

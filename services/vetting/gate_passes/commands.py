"""Issuing and revoking passes."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select, update

from services.vetting.gate_passes import rules
from services.vetting.tables import Assignment, GatePass, Person
from shared.clock import LOCAL
from shared.contracts.vetting import GatePassesRevoked, GatePassIssued
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


def issue(work: Work, *, person_id: UUID, school_id: UUID, on: date) -> GatePass:
    """A pass for the person's confirmed assignments of one day; raises Refused when there is none."""
    work.caller.need_school(school_id)
    person = work.get(Person, person_id, lock=True)
    day = datetime.combine(on, time(), LOCAL)
    hours = work.session.execute(
        select(Assignment.starts_at, Assignment.ends_at).where(
            Assignment.person_id == person_id,
            Assignment.school_id == school_id,
            Assignment.state == "CONFIRMED",
            Assignment.starts_at >= day,
            Assignment.starts_at < day + timedelta(days=1),
        )
    ).all()
    valid_from, valid_to = rules.window([(row.starts_at, row.ends_at) for row in hours], policy_of_district(work))
    issued = work.add(
        GatePass(
            district_id=person.district_id,
            school_id=school_id,
            person_id=person_id,
            state=rules.GATE_PASS.initial,
            valid_from=valid_from,
            valid_to=valid_to,
        )
    )
    work.emit(
        GatePassIssued(
            district_id=person.district_id,
            school_id=school_id,
            pass_id=issued.id,
            person_id=person_id,
            valid_from=valid_from,
            valid_to=valid_to,
        )
    )
    return issued


def revoke_all(work: Work, person: Person, cause: str) -> None:
    """Every pass of a person that could still be shown; the caller holds the person's row."""
    revoked = work.session.execute(
        update(GatePass)
        .where(GatePass.person_id == person.id, GatePass.state == "ISSUED", GatePass.valid_to > work.now)
        .values(state=rules.GATE_PASS.move("ISSUED", "revoke"), cause=cause, version=GatePass.version + 1)
        .returning(GatePass.id, GatePass.school_id)
        .execution_options(synchronize_session=False)
    ).all()
    by_school: dict[UUID, list[UUID]] = defaultdict(list)
    for row in revoked:
        by_school[row.school_id].append(row.id)
    for school_id, pass_ids in by_school.items():
        work.emit(
            GatePassesRevoked(
                district_id=person.district_id,
                school_id=school_id,
                person_id=person.id,
                pass_ids=tuple(pass_ids),
                cause=cause,
            )
        )

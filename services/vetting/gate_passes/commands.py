"""Issuing and revoking passes."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update

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
    _revoke_where(work, cause, GatePass.person_id == person.id)


def follow_roster(work: Work, person_ids: Collection[UUID], cause: str) -> None:
    """The passes of people around which no assignment is left (INV-VET-11); the caller holds the people's rows."""
    assigned = exists().where(
        Assignment.person_id == GatePass.person_id,
        Assignment.school_id == GatePass.school_id,
        Assignment.state == "CONFIRMED",
        Assignment.starts_at >= GatePass.valid_from,
        Assignment.ends_at <= GatePass.valid_to,
    )
    _revoke_where(work, cause, GatePass.person_id.in_(person_ids), ~assigned)


def _revoke_where(work: Work, cause: str, *conditions: Any) -> None:
    revoked = work.session.execute(
        update(GatePass)
        .where(GatePass.state == "ISSUED", GatePass.valid_to > work.now, *conditions)
        .values(state=rules.GATE_PASS.move("ISSUED", "revoke"), cause=cause, version=GatePass.version + 1)
        .returning(GatePass.id, GatePass.district_id, GatePass.school_id, GatePass.person_id)
        .execution_options(synchronize_session=False)
    ).all()
    of_person: dict[tuple[UUID, UUID, UUID], list[UUID]] = defaultdict(list)
    for row in revoked:
        of_person[row.district_id, row.school_id, row.person_id].append(row.id)
    for (district_id, school_id, person_id), pass_ids in of_person.items():
        work.emit(
            GatePassesRevoked(
                district_id=district_id,
                school_id=school_id,
                person_id=person_id,
                pass_ids=tuple(pass_ids),
                cause=cause,
            )
        )

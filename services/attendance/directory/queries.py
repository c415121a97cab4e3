"""Reading the copies."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, and_, bindparam, func, not_, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.attendance.tables import (
    Assignment,
    BoundException,
    ClassTeacher,
    Clearance,
    CustodyChain,
    Duty,
    PersonName,
    PickupAuthorization,
    Presence,
    Pupil,
    RollEntry,
    ServiceSession,
)
from shared.access_log import log_access
from shared.clock import local_date
from shared.messaging.work import Work
from shared.refusals import NotFound

AT_SCHOOL = frozenset(
    {
        *("principal", "leadership_member", "academic_affairs", "class_teacher", "subject_teacher", "instructor"),
        *("external_instructor", "duty_staff", "gatekeeper", "gate_device", "inspector", "district_admin"),
    }
)
"""Roles that see the children inside their walls; a guardian who bears none of them sees their own."""


def members(school_id: UUID) -> Subquery:
    """SQL: (group_id, pupil_id) of everybody on a roll of a school by its newest word, whatever the date."""
    newest = (
        select(RollEntry.group_id, RollEntry.pupil_id, RollEntry.added)
        .where(RollEntry.school_id == school_id)
        .ext(distinct_on(RollEntry.group_id, RollEntry.pupil_id))
        .order_by(RollEntry.group_id, RollEntry.pupil_id, RollEntry.roll_version.desc())
        .subquery()
    )
    return select(newest.c.group_id, newest.c.pupil_id).where(newest.c.added).subquery()


def roll_version(work: Work, group_id: UUID) -> int:
    """The newest version of a group's roll; 0 when nobody was ever on it."""
    return work.session.scalar(select(func.max(RollEntry.roll_version)).where(RollEntry.group_id == group_id)) or 0


_LEADERS = (
    select(Duty.person_id)
    .join(Clearance, Clearance.id == Duty.person_id)
    .where(not_(Duty.is_relieved), Clearance.state == "CLEARED", Clearance.valid_until >= Duty.on)
)
"""Whoever is named and was not relieved leads while the newest word that was heard clears them for the day.

How fresh that word is does not matter: the duty leader is who answers while vetting cannot be heard (INV-ATT-07).
"""
_LEADER = (
    _LEADERS.where(
        Duty.school_id == bindparam("school"), Duty.on == bindparam("day"), Duty.starts_at <= bindparam("at")
    )
    .order_by(Duty.starts_at.desc(), Duty.id.desc())
    .limit(1)
)


def duty_leader(work: Work, school_id: UUID, at: datetime) -> UUID | None:
    """Who leads the duty at a school at an instant. The last of a day leads on after hours: a child may be there."""
    return work.session.scalar(_LEADER, {"school": school_id, "day": local_date(at), "at": at})


def is_duty_named(work: Work, school_id: UUID, at: datetime) -> bool:
    """Whether somebody is named to lead the duty within whose hours an instant lies."""
    named = _LEADERS.where(Duty.school_id == school_id, Duty.starts_at <= at, Duty.ends_at > at)
    return bool(work.session.scalar(select(named.exists())))


def class_teacher(work: Work, class_id: UUID) -> UUID | None:
    """The class teacher of a class."""
    return work.session.scalar(select(ClassTeacher.person_id).where(ClassTeacher.id == class_id))


def class_teacher_of(work: Work, pupil_id: UUID) -> UUID | None:
    """The class teacher of a pupil's class."""
    return work.session.scalar(
        select(ClassTeacher.person_id).join(Pupil, Pupil.class_id == ClassTeacher.id).where(Pupil.id == pupil_id)
    )


def pupils_of_class(work: Work, class_id: UUID, pupil_ids: Collection[UUID]) -> set[UUID]:
    """Those of the pupils who belong to the class."""
    return set(work.session.scalars(select(Pupil.id).where(Pupil.class_id == class_id, Pupil.id.in_(pupil_ids))))


def pupils_of_school(work: Work, school_id: UUID, pupil_ids: Collection[UUID]) -> set[UUID]:
    """Those of the pupils who belong to the school."""
    return set(work.session.scalars(select(Pupil.id).where(Pupil.school_id == school_id, Pupil.id.in_(pupil_ids))))


def exceptions(work: Work, school_id: UUID, first: date, last: date) -> frozenset[str]:
    """The bounds in principle that a school may pass on every day from `first` to `last`."""
    return frozenset(
        bound
        for bound in work.session.scalars(
            select(BoundException.bound).where(
                BoundException.school_id == school_id,
                BoundException.valid_from <= first,
                BoundException.valid_until >= last,
            )
        )
        if bound is not None
    )


_IS_GUARDIAN = and_(PickupAuthorization.kind == "GUARDIAN", PickupAuthorization.state != "ENDED")


def is_guardian(work: Work, person_id: UUID | None, pupil_id: UUID) -> bool:
    """Whether the person is a verified guardian of the pupil; one whose pickup is suspended is a guardian still."""
    link = select(PickupAuthorization.id).where(
        PickupAuthorization.pupil_id == pupil_id, PickupAuthorization.person_id == person_id, _IS_GUARDIAN
    )
    return bool(work.session.scalar(select(link.exists())))


def guardians(work: Work, *pupil_ids: UUID) -> list[UUID]:
    """The verified guardians of pupils, each once."""
    found = work.session.scalars(
        select(PickupAuthorization.person_id)
        .where(PickupAuthorization.pupil_id.in_(pupil_ids), _IS_GUARDIAN)
        .distinct()
    )
    return [person_id for person_id in found if person_id is not None]


def is_family(work: Work) -> bool:
    """Whether the caller is here for their own children alone, whatever a committee or a helper may do besides."""
    return "guardian" in work.caller.roles and not work.caller.roles & AT_SCHOOL


def narrow(work: Work, query: Select[Any], pupil_id: Any) -> Select[Any]:
    """A guardian sees rows of their own children only; every other caller what the walls show."""
    if not is_family(work):
        return query
    own = select(PickupAuthorization.pupil_id).where(
        PickupAuthorization.person_id == work.caller.person_id, _IS_GUARDIAN
    )
    return query.where(pupil_id.in_(own))


def own_pupil(work: Work, pupil_id: UUID) -> Pupil:
    """A pupil whose verified guardian the caller is; raises NotFound for any other."""
    if not is_guardian(work, work.caller.person_id, pupil_id):
        raise NotFound("pupil")
    return work.get(Pupil, pupil_id)


def read_names(work: Work, person_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """What those of the people are called whom the caller may see; others are left out, and the access is logged."""
    seen = _seen(work, person_ids)
    rows = work.session.execute(select(PersonName.id, PersonName.name_sealed).where(PersonName.id.in_(seen)))
    names = _collectors(work, seen) | {row.id: work.keyring.open(row.id, "name", row.name_sealed) for row in rows}
    if names:
        log_access(work, "attendance.names", names)
    return [{"person_id": person_id, "name": name} for person_id, name in names.items()]


def _seen(work: Work, person_ids: Collection[UUID]) -> set[UUID]:
    """Children whom the caller may see, who may fetch and who keeps them; at school also the staff."""
    of_children = (
        (Pupil.id, Pupil.id),
        (PickupAuthorization.person_id, PickupAuthorization.pupil_id),
        (CustodyChain.holder_id, CustodyChain.pupil_id),
    )
    of_staff = (
        select(Assignment.person_id).join(ServiceSession, ServiceSession.id == Assignment.session_id),
        *(select(column) for column in (Presence.person_id, Duty.person_id, ClassTeacher.person_id)),
    )
    queries = [narrow(work, select(person), pupil_id) for person, pupil_id in of_children]
    queries += [] if is_family(work) else of_staff
    return {
        person_id
        for query in queries
        for person_id in work.session.scalars(query.where(query.selected_columns[0].in_(person_ids)).distinct())
    }


def _collectors(work: Work, person_ids: Collection[UUID]) -> dict[UUID, str]:
    """Names of those whom a guardian named to fetch a child; the register may not know them."""
    named = select(PickupAuthorization).where(
        PickupAuthorization.person_id.in_(person_ids), PickupAuthorization.name_sealed.is_not(None)
    )
    return {
        one.person_id: work.keyring.open(one.id, "name", one.name_sealed)
        for one in work.session.scalars(narrow(work, named, PickupAuthorization.pupil_id))
    }

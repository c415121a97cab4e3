"""Reading the directory. Who sees which child is decided here, by links and not by roles alone."""

import json
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, func, or_, select

from services.enrollment.tables import GuardianLink, Pupil, RegisterFact, SchoolClass, StaffPost, StaffStanding
from shared.access_log import log_access
from shared.messaging.outbox import watermark
from shared.messaging.work import Work
from shared.refusals import NotFound

SEE_THE_SCHOOL = frozenset(
    {"district_admin", "inspector", "principal", "leadership_member", "academic_affairs", "accountant"}
)
"""Roles that see every pupil inside their walls; all others see those that a link names."""

PERSON = "person"
"""The sealed field that holds a person's names, phone and student number, as JSON."""


def open_fact(work: Work, fact: RegisterFact) -> dict[str, str]:
    """A person's names, phone and student number, unsealed; the caller logs the access. Empty for other facts."""
    if fact.person_sealed is None:
        return {}
    opened: dict[str, str] = json.loads(work.keyring.open(fact.id, PERSON, fact.person_sealed))
    return opened


def ids_of(work: Work, kind: str, source_ids: Iterable[str | None]) -> dict[str, UUID]:
    """Our ids of some things of one kind."""
    rows = work.session.execute(
        select(RegisterFact.source_id, RegisterFact.id).where(
            RegisterFact.kind == kind, RegisterFact.source_id.in_({one for one in source_ids if one})
        )
    )
    return dict(rows.all())


def list_visible(work: Work, table: Any) -> Select[Any]:
    """Rows of a table with a `pupil_id`, of the pupils whom the caller may see."""
    if work.caller.roles & SEE_THE_SCHOOL:
        return select(table)
    person = work.caller.person_id
    if person is None:  # a class without a teacher is not the class of a caller who is nobody
        return select(table).where(false())
    classes = select(SchoolClass.id).where(SchoolClass.teacher_id == person)
    own = or_(Pupil.class_id.in_(classes), Pupil.id.in_(_children(person)))
    return select(table).where(table.pupil_id.in_(select(Pupil.id).where(own)))


def _children(person_id: UUID | None) -> Select[Any]:
    """Ids of the pupils whose verified guardian the person is."""
    return select(GuardianLink.pupil_id).where(GuardianLink.guardian_id == person_id, GuardianLink.state == "VERIFIED")


def is_guardian(work: Work, person_id: UUID | None, pupil_id: UUID) -> bool:
    """Whether the person is a verified guardian of the pupil."""
    link = _children(person_id).where(GuardianLink.pupil_id == pupil_id)
    return person_id is not None and work.session.scalar(link) is not None


def find_pupils(work: Work, pupil_ids: Collection[UUID]) -> dict[UUID, Pupil]:
    """Pupils by id, registered now or once."""
    return {pupil.id: pupil for pupil in work.session.scalars(select(Pupil).where(Pupil.id.in_(pupil_ids)))}


def pupils_of_class_teacher(work: Work, person_id: UUID | None) -> list[Pupil]:
    """The pupils of the classes whose class teacher the person is."""
    if person_id is None:
        return []
    classes = select(SchoolClass.id).where(SchoolClass.teacher_id == person_id, SchoolClass.active)
    query = select(Pupil).where(Pupil.class_id.in_(classes), Pupil.active)
    return list(work.session.scalars(query.order_by(Pupil.class_id, Pupil.id)))


def children_of(work: Work, person_id: UUID | None) -> list[Pupil]:
    """The pupils whose verified guardian the person is."""
    if person_id is None:
        return []
    query = select(Pupil).where(Pupil.id.in_(_children(person_id)), Pupil.active)
    return list(work.session.scalars(query.order_by(Pupil.id)))


def registered_pupils(work: Work, school_id: UUID, among: Collection[UUID] | None) -> list[UUID]:
    """Ids of the pupils registered at a school, of all or of those named."""
    query = select(Pupil.id).where(Pupil.school_id == school_id, Pupil.active)
    if among is not None:
        query = query.where(Pupil.id.in_(among))
    return list(work.session.scalars(query.order_by(Pupil.id)))


def with_names(work: Work, purpose: str, pupils: Collection[Pupil]) -> list[dict[str, Any]]:
    """Pupils with their names, sorted by name; the access is logged."""
    names = open_names(work, purpose, [pupil.id for pupil in pupils])
    rows = [
        {
            "pupil_id": pupil.id,
            "school_id": pupil.school_id,
            "class_id": pupil.class_id,
            "grade": pupil.grade,
            "stage": pupil.stage,
            "name": names[pupil.id]["name"],
        }
        for pupil in pupils
    ]
    return sorted(rows, key=lambda row: row["name"])


def open_names(work: Work, purpose: str, person_ids: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """Names and phones of people, by person; the access is logged."""
    log_access(work, purpose, person_ids)
    facts = work.session.scalars(select(RegisterFact).where(RegisterFact.id.in_(person_ids)))
    return {fact.id: _called(open_fact(work, fact)) for fact in facts}


def read_person(work: Work, person_id: UUID) -> dict[str, Any]:
    """Name and phone of somebody who belongs to a school of the caller; raises NotFound."""
    belongs = (
        select(Pupil.id).where(Pupil.id == person_id),
        select(GuardianLink.id).where(GuardianLink.guardian_id == person_id),
        select(StaffPost.id).where(StaffPost.person_id == person_id),
    )
    if all(work.session.scalar(way.limit(1)) is None for way in belongs):
        raise NotFound("person")
    return {"person_id": person_id, **open_names(work, "enrollment.person", [person_id])[person_id]}


def changes_after(work: Work, after: int, limit: int) -> dict[str, Any]:
    """The feed of people: who changed after a number, in order, names and phones opened; the access is logged."""
    timeline = watermark(work.session)["timeline"]
    facts = list(
        work.session.scalars(
            select(RegisterFact)
            .where(RegisterFact.kind == "people", RegisterFact.sequence > after)
            .order_by(RegisterFact.sequence)
            .limit(limit)
        )
    )
    if not facts:
        return {"timeline": timeline, "items": [], "next": after}
    log_access(work, "enrollment.directory_feed", [fact.id for fact in facts])
    pupils = find_pupils(work, [fact.id for fact in facts])
    items = [_entry(work, fact, pupils.get(fact.id)) for fact in facts]
    return {"timeline": timeline, "items": items, "next": facts[-1].sequence}


def _entry(work: Work, fact: RegisterFact, pupil: Pupil | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "sequence": fact.sequence,
        "person_id": fact.id,
        "active": fact.active,
        "kind": "adult" if pupil is None else "pupil",
        **_called(open_fact(work, fact)),
    }
    if pupil is not None:
        entry |= {"school_id": pupil.school_id, "class_id": pupil.class_id, "grade": pupil.grade, "stage": pupil.stage}
        entry["active"] = pupil.active
    return entry


def _called(personal: dict[str, str]) -> dict[str, str]:
    """Chinese names are written family name first, without a space."""
    return {"name": personal["family_name"] + personal["given_name"], "phone": personal["phone"]}


def last_sequence(work: Work) -> int:
    """The newest number of the feed in the caller's district."""
    return work.session.scalar(select(func.max(RegisterFact.sequence))) or 0


def cleared_among(work: Work, person_ids: Collection[UUID | None]) -> set[UUID]:
    """Who of some people is cleared today, by vetting's newest word."""
    query = select(StaffStanding.id).where(
        StaffStanding.id.in_([one for one in person_ids if one]),
        StaffStanding.is_cleared,
        or_(StaffStanding.valid_until.is_(None), StaffStanding.valid_until >= work.today),
    )
    return set(work.session.scalars(query))


def is_cleared(work: Work, person_id: UUID | None) -> bool:
    """Whether a person is cleared today, by vetting's newest word; nobody is not."""
    return person_id in cleared_among(work, [person_id])

"""Reading people."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.vetting.people import rules
from services.vetting.tables import Check, ConductRecord, Engagement, Person, Post, Provider
from shared.messaging.work import Work
from shared.refusals import NotFound


def find_person(work: Work, person_id: UUID, *, lock: bool = False) -> Person:
    """The person; raises NotFound. A lock orders assignments and blocks of one person (INV-VET-02, -09)."""
    return work.get(Person, person_id, lock=lock)


def lock_people(work: Work, person_ids: Iterable[UUID]) -> dict[UUID, Person]:
    """People by id, locked in the order of their ids, so that nobody waits in a circle; NotFound unless all are known.

    If-Match is left to the row that the request is about.
    """
    wanted = set(person_ids)
    query = select(Person).where(Person.id.in_(wanted)).order_by(Person.id).with_for_update()
    found = work.session.scalars(query.execution_options(populate_existing=True)).all()
    if len(found) != len(wanted):
        raise NotFound("person")
    return {person.id: person for person in found}


def list_people(work: Work) -> Select[Person]:
    """People whom the caller may see: a school its own staff and whoever is engaged there, a provider its own."""
    query = select(Person)
    if work.caller.roles == {"provider_admin"}:
        represented = select(Provider.id).where(Provider.represented_by == work.caller.person_id)
        return query.where(Person.provider_id.in_(represented))
    schools = work.caller.school_ids
    if schools is None:
        return query
    at_school = exists().where(Post.person_id == Person.id, Post.school_id.in_(schools))
    engaged = exists().where(Engagement.person_id == Person.id, Engagement.school_id.in_(schools))
    return query.where(or_(at_school, engaged))


def read_person(work: Work, person_id: UUID) -> Person:
    """Somebody whom the caller may see; raises NotFound."""
    return work.one(list_people(work).where(Person.id == person_id), thing="person")


def find_post(person_id: UUID, school_id: UUID) -> Select[UUID]:
    """The person's place on a school's staff list."""
    return select(Post.id).where(Post.person_id == person_id, Post.school_id == school_id)


def need_represented(work: Work, provider_id: UUID) -> None:
    """A provider of the district; whoever represents one names staff of that one alone. Raises NotFound."""
    query = select(Provider).where(Provider.id == provider_id)
    if work.caller.roles == {"provider_admin"}:
        query = query.where(Provider.represented_by == work.caller.person_id)
    work.one(query, thing="provider")


def has_id_number(work: Work, index: bytes, *, but: UUID) -> bool:
    """Whether somebody else in the district has the ID number behind a blind index."""
    found = work.session.scalar(select(Person.id).where(Person.id_number_index == index, Person.id != but))
    return found is not None


def seen_checks(work: Work, person_id: UUID) -> list[rules.Seen]:
    """The newest result of each kind of check."""
    newest = work.session.scalars(
        select(Check)
        .where(Check.person_id == person_id, Check.as_of.is_not(None))
        .ext(distinct_on(Check.kind))
        .order_by(Check.kind, Check.as_of.desc(), Check.id.desc())
    )
    return [rules.Seen(kind=check.kind, state=check.state, as_of=check.as_of) for check in newest]


def blocking_records(work: Work, person_id: UUID, on: date) -> list[str]:
    """Kinds of the conduct records that are in force on a date."""
    in_force = or_(ConductRecord.effective_until.is_(None), ConductRecord.effective_until >= on)
    return list(
        work.session.scalars(
            select(ConductRecord.kind).where(
                ConductRecord.person_id == person_id,
                ConductRecord.state.in_(("SUBSTANTIATED", "APPEALED")),
                in_force,
            )
        )
    )


def open_allegations(work: Work, person_id: UUID, *, but: UUID | None = None) -> list[str | None]:
    """Categories of the allegations that are being examined, one record left out."""
    query = select(ConductRecord.category).where(
        ConductRecord.person_id == person_id, ConductRecord.state == "UNDER_INVESTIGATION"
    )
    return list(work.session.scalars(query if but is None else query.where(ConductRecord.id != but)))


def ground(work: Work, person_id: UUID, school_id: UUID, first: date, last: date) -> rules.Ground:
    """Why the person may serve at a school for the whole interval, if at all."""
    if work.session.scalar(find_post(person_id, school_id)) is not None:
        return rules.Ground(is_listed=True)
    held = contract(person_id, school_id, first, last).with_only_columns(Engagement.kind, Engagement.insufficiency_ref)
    kind, ref = work.session.execute(held.order_by(Engagement.insufficiency_ref).limit(1)).one_or_none() or (None, None)
    return rules.Ground(is_listed=False, contract_kind=kind, insufficiency_ref=ref)


def contract(person_id: Any, school_id: Any, first: Any, last: Any) -> Select[UUID]:
    """A contract of the person with the school that is in force for the whole interval."""
    return select(Engagement.id).where(
        Engagement.person_id == person_id,
        Engagement.school_id == school_id,
        Engagement.state == "ACTIVE",
        Engagement.starts_on <= first,
        Engagement.ends_on >= last,
    )


def names_of(work: Work, some: Iterable[Person]) -> dict[UUID, tuple[str | None, str | None]]:
    """Names and ID numbers by person, unsealed, None where none is recorded; the caller logs the access."""

    def opened(person: Person, field: str, sealed: bytes | None) -> str | None:
        return None if sealed is None else work.keyring.open(person.id, field, sealed)

    return {
        one.id: (opened(one, "name", one.name_sealed), opened(one, "id_number", one.id_number_sealed)) for one in some
    }


def open_identity(work: Work, person_id: UUID) -> dict[str, str]:
    """A person's name and ID number, unsealed; the caller logs the access. NotFound while none is recorded."""
    person = find_person(work, person_id)
    if person.name_sealed is None or person.id_number_sealed is None:
        raise NotFound("identity")
    return {
        "name": work.keyring.open(person.id, "name", person.name_sealed),
        "id_number": work.keyring.open(person.id, "id_number", person.id_number_sealed),
    }

"""HTTP door of people."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.vetting.people import commands, queries
from services.vetting.tables import Person
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("people", "服务人员 people who serve")


class PersonOut(ma.Schema):
    """A person's status; the name is read at `/people/{id}/identity`.

    `reason_class` says why somebody is suspended, blocked or expired, and nothing more.
    """

    id = ma.fields.UUID()
    category = ma.fields.String()
    state = ma.fields.String()
    clearance_epoch = ma.fields.Integer()
    valid_until = ma.fields.Date(allow_none=True)
    reason_class = ma.fields.String(allow_none=True)
    provider_id = ma.fields.UUID(allow_none=True)
    specialities = ma.fields.List(ma.fields.String())


class NewPerson(ma.Schema):
    """Somebody from outside the schools."""

    category = ma.fields.String(required=True)
    is_minor = ma.fields.Boolean(load_default=False)
    provider_id = ma.fields.UUID(load_default=None, allow_none=True)


class Specialities(ma.Schema):
    """All that the person can teach or guide, each a short word; what was recorded before is replaced."""

    specialities = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 20)), required=True, validate=ma.validate.Length(0, 20)
    )


class Identity(ma.Schema):
    """Who the person is; sealed in the database, every reading logged."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    id_number = ma.fields.String(required=True, validate=ma.validate.Length(6, 32))


@door.post("/people", needs="person.register", takes=NewPerson, gives=PersonOut, status=201)
def register_person(work: Work, **new: Any) -> Person:
    """Take in somebody who is on no school's staff list."""
    return commands.register_person(work, **new)


@door.list(
    "/people",
    needs="person.read",
    gives=PersonOut,
    of=Person,
    filters=("state", "category", "valid_until", "specialities"),
    sorts=("id", "valid_until"),
)
def list_people(work: Work) -> Select[Any]:
    """Everybody who serves or asks to, within the caller's schools."""
    return queries.list_people(work)


@door.get("/people/<uuid:person_id>", needs="person.read", gives=PersonOut)
def read_person(work: Work, person_id: UUID) -> Person:
    """A person's status."""
    return queries.read_person(work, person_id)


@door.post("/people/<uuid:person_id>/record-specialities", needs="person.register", takes=Specialities, gives=PersonOut)
def record_specialities(work: Work, person_id: UUID, specialities: list[str]) -> Person:
    """Keep what a person can teach or guide beside their post, so that they are found for it."""
    return commands.record_specialities(work, person_id, specialities=specialities)


@door.post("/people/<uuid:person_id>/record-identity", needs="person.record_consent", takes=Identity, gives=PersonOut)
def record_identity(work: Work, person_id: UUID, **identity: str) -> Person:
    """Keep a person's name and ID number."""
    return commands.record_identity(work, person_id, **identity)


@door.get("/people/<uuid:person_id>/identity", needs="person.clear", gives=Identity)
def read_identity(work: Work, person_id: UUID) -> dict[str, str]:
    """A person's name and ID number, for those who clear people."""
    log_access(work, "vetting.identity", [person_id])
    return queries.open_identity(work, person_id)

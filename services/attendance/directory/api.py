"""HTTP door of the directory: what people are called. Every reading is logged."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from webargs.fields import DelimitedList

from services.attendance.directory import queries
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("directory", "名录 directory")

MOST_PEOPLE = 100
"""As many ids as fit into the 4 KB that web servers allow a request's first line."""


class WhichPeople(ma.Schema):
    """Ids of people, with commas between them."""

    person_ids = DelimitedList(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, MOST_PEOPLE))


class NameOut(ma.Schema):
    """What somebody is called."""

    person_id = ma.fields.UUID()
    name = ma.fields.String()


class NamesOut(ma.Schema):
    """The names that are known here of those of the people whom the caller may see."""

    items = ma.fields.List(ma.fields.Nested(NameOut))


@door.get("/names", needs="name.read", query=WhichPeople, gives=NamesOut)
def read_names(work: Work, person_ids: list[UUID]) -> dict[str, Any]:
    """Names for the roster, the roll, custody and pickups: children, who may fetch them, and staff."""
    return {"items": queries.read_names(work, person_ids)}

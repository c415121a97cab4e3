"""HTTP door of placement."""

from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.directory.queries import list_visible
from services.enrollment.placement import commands
from services.enrollment.tables import ActivityGroup, Participation, Place, RollEntry
from shared.messaging.work import Work
from shared.refusals import Invalid
from shared.web.door import Door

door = Door("placement", "编班 placement")

MANY = ma.validate.Length(1, 500)


class ParticipationOut(ma.Schema):
    """A participation; its id is that of the application. `effective_on` is the first day without service."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    plan_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    guardian_id = ma.fields.UUID()
    grade = ma.fields.Integer()
    stage = ma.fields.String()
    state = ma.fields.String()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()
    effective_on = ma.fields.Date(allow_none=True)


class ParticipationsOut(ma.Schema):
    """What was confirmed."""

    items = ma.fields.List(ma.fields.Nested(ParticipationOut))


class PlaceOut(ma.Schema):
    """A place in an item, and in a group once there is one."""

    id = ma.fields.UUID()
    participation_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    item_id = ma.fields.UUID()
    group_id = ma.fields.UUID(allow_none=True)


class GroupOut(ma.Schema):
    """A group."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    item_id = ma.fields.UUID()
    plan_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    title = ma.fields.String()
    state = ma.fields.String()
    venue_id = ma.fields.UUID(allow_none=True)
    lead_person_id = ma.fields.UUID(allow_none=True)
    capacity = ma.fields.Integer()
    roll_version = ma.fields.Integer()
    starts_on = ma.fields.Date(allow_none=True)
    ends_on = ma.fields.Date(allow_none=True)


class RollOut(ma.Schema):
    """A pupil on a roll; `ends_on` is the first day without."""

    id = ma.fields.UUID()
    group_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date(allow_none=True)


class Confirmed(ma.Schema):
    """Some approved applications, or the next 500 of a window."""

    application_ids = ma.fields.List(ma.fields.UUID(), validate=MANY)
    window_id = ma.fields.UUID()


class Withdrawal(ma.Schema):
    """The first day without service, today or later."""

    effective_on = ma.fields.Date(required=True)


class NewGroup(ma.Schema):
    """A group of an item, where it would meet, and who would lead it."""

    item_id = ma.fields.UUID(required=True)
    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    venue_id = ma.fields.UUID(load_default=None, allow_none=True)
    lead_person_id = ma.fields.UUID(load_default=None, allow_none=True)
    capacity = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 500))


class Start(ma.Schema):
    """The first day on which a group may meet; left out, the term's first."""

    starts_on = ma.fields.Date(load_default=None, allow_none=True)


class Members(ma.Schema):
    """Whom to place."""

    participation_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=MANY)


@door.post(
    "/participations", needs="participation.confirm", takes=Confirmed, gives=ParticipationsOut, status=201, once=True
)
def confirm_participations(work: Work, **which: Any) -> dict[str, Any]:
    """Confirm participations: either `application_ids`, or `window_id`, again until nothing comes back."""
    if len(which) != 1:
        raise Invalid({"application_ids": "one_of_two", "window_id": "one_of_two"})
    confirm = commands.confirm if "application_ids" in which else commands.confirm_window
    return {"items": confirm(work, **which)}


@door.list(
    "/participations",
    needs="participation.read",
    gives=ParticipationOut,
    of=Participation,
    filters=("school_id", "plan_id", "term_id", "pupil_id", "state", "grade"),
)
def list_participations(work: Work) -> Select[Any]:
    """Participations of the pupils whom the caller may see."""
    return list_visible(work, Participation)


@door.get("/participations/<uuid:participation_id>", needs="participation.read", gives=ParticipationOut)
def read_participation(work: Work, participation_id: UUID) -> Participation:
    """One participation."""
    query = list_visible(work, Participation).where(Participation.id == participation_id)
    found: Participation = work.one(query, thing="participation")
    return found


@door.post(
    "/participations/<uuid:participation_id>/withdraw",
    needs="participation.withdraw",
    takes=Withdrawal,
    gives=ParticipationOut,
    once=True,
)
def withdraw_participation(work: Work, participation_id: UUID, effective_on: date) -> Participation:
    """End a participation from a day on."""
    return commands.request_withdrawal(work, participation_id, effective_on=effective_on)


@door.list(
    "/places",
    needs="participation.read",
    gives=PlaceOut,
    of=Place,
    filters=("participation_id", "pupil_id", "item_id", "group_id"),
)
def list_places(work: Work) -> Select[Any]:
    """Places of the pupils whom the caller may see."""
    return list_visible(work, Place)


@door.post("/groups", needs="group.form", takes=NewGroup, gives=GroupOut, status=201)
def form_group(work: Work, **new: Any) -> ActivityGroup:
    """Begin a group."""
    return commands.form_group(work, **new)


@door.list(
    "/groups",
    needs="group.read",
    gives=GroupOut,
    of=ActivityGroup,
    filters=("school_id", "plan_id", "item_id", "state", "lead_person_id"),
)
def list_groups(work: Work) -> Select[Any]:
    """Groups of the caller's schools."""
    return select(ActivityGroup)


@door.post("/groups/<uuid:group_id>/add-members", needs="group.form", takes=Members, gives=GroupOut)
def add_group_members(work: Work, group_id: UUID, participation_ids: list[UUID]) -> ActivityGroup:
    """Place pupils in a group."""
    return commands.add_members(work, group_id, participation_ids=participation_ids)


@door.post("/groups/<uuid:group_id>/confirm", needs="group.confirm", takes=Start, gives=GroupOut)
def confirm_group(work: Work, group_id: UUID, starts_on: date | None) -> ActivityGroup:
    """Register a group."""
    return commands.confirm_group(work, group_id, starts_on=starts_on)


@door.list("/rolls", needs="group.read", gives=RollOut, of=RollEntry, filters=("group_id", "pupil_id", "starts_on"))
def list_rolls(work: Work) -> Select[Any]:
    """Who is or was on a roll, of the pupils whom the caller may see."""
    return list_visible(work, RollEntry)

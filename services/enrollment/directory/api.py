"""HTTP door of the directory. Lists hold ids and no names; whatever opens a name is logged."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.directory import queries
from services.enrollment.tables import GuardianLink, Pupil, School, SchoolClass, StaffPost
from shared.messaging.work import Work
from shared.refusals import Forbidden
from shared.web.door import Door

door = Door("directory", "名录 directory")


class SchoolOut(ma.Schema):
    """A school."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    identifier = ma.fields.String()
    active = ma.fields.Boolean()


class ClassOut(ma.Schema):
    """A class and its class teacher."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    title = ma.fields.String()
    grade = ma.fields.Integer()
    teacher_id = ma.fields.UUID(allow_none=True)
    active = ma.fields.Boolean()


class PupilOut(ma.Schema):
    """A pupil without a name."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    class_id = ma.fields.UUID()
    grade = ma.fields.Integer()
    stage = ma.fields.String()
    active = ma.fields.Boolean()


class LinkOut(ma.Schema):
    """Who is guardian of whom."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    guardian_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    state = ma.fields.String()


class StaffOut(ma.Schema):
    """A person on a staff list."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    role = ma.fields.String()
    active = ma.fields.Boolean()


class PersonOut(ma.Schema):
    """Who somebody is."""

    person_id = ma.fields.UUID()
    name = ma.fields.String()
    phone = ma.fields.String()


class NamedPupil(ma.Schema):
    """A pupil with a name."""

    pupil_id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    class_id = ma.fields.UUID()
    grade = ma.fields.Integer()
    stage = ma.fields.String()
    name = ma.fields.String()


class NamedPupils(ma.Schema):
    """Pupils by name."""

    items = ma.fields.List(ma.fields.Nested(NamedPupil))


class FeedPage(ma.Schema):
    """Where to go on, in which district: the token of a service names none."""

    district = ma.fields.UUID(required=True)
    after = ma.fields.Integer(load_default=0, validate=ma.validate.Range(min=0))
    limit = ma.fields.Integer(load_default=500, validate=ma.validate.Range(1, 500))


class FeedEntry(ma.Schema):
    """The newest state of a person; the school and what follows only for a pupil."""

    sequence = ma.fields.Integer()
    person_id = ma.fields.UUID()
    kind = ma.fields.String()
    active = ma.fields.Boolean()
    name = ma.fields.String()
    phone = ma.fields.String()
    school_id = ma.fields.UUID()
    class_id = ma.fields.UUID()
    grade = ma.fields.Integer()
    stage = ma.fields.String()


class Feed(ma.Schema):
    """`next` is the number to go on after, as long as the timeline stays; on another one, begin with 0."""

    timeline = ma.fields.UUID()
    items = ma.fields.List(ma.fields.Nested(FeedEntry))
    next = ma.fields.Integer()


@door.list("/schools", needs="directory.read", gives=SchoolOut, of=School, filters=("active", "identifier"))
def list_schools(work: Work) -> Select[Any]:
    """Schools of the district."""
    return select(School)


@door.list(
    "/classes", needs="directory.read", gives=ClassOut, of=SchoolClass, filters=("school_id", "grade", "teacher_id")
)
def list_classes(work: Work) -> Select[Any]:
    """Classes of the caller's schools."""
    return select(SchoolClass)


@door.list(
    "/pupils",
    needs="directory.read",
    gives=PupilOut,
    of=Pupil,
    filters=("school_id", "class_id", "grade", "stage", "active"),
)
def list_pupils(work: Work) -> Select[Any]:
    """Pupils of the caller's schools, without names."""
    return select(Pupil)


@door.list(
    "/guardian-links",
    needs="directory.read",
    gives=LinkOut,
    of=GuardianLink,
    filters=("school_id", "guardian_id", "pupil_id", "state"),
)
def list_guardian_links(work: Work) -> Select[Any]:
    """Who is guardian of whom."""
    return select(GuardianLink)


@door.list(
    "/staff-members",
    needs="directory.read",
    gives=StaffOut,
    of=StaffPost,
    filters=("school_id", "person_id", "role", "active"),
)
def list_staff_members(work: Work) -> Select[Any]:
    """Staff lists of the caller's schools."""
    return select(StaffPost)


@door.get("/people/<uuid:person_id>", needs="directory.read", gives=PersonOut)
def read_person(work: Work, person_id: UUID) -> dict[str, Any]:
    """Name and phone of somebody of the caller's schools."""
    return queries.read_person(work, person_id)


@door.get("/my-class", needs="directory.look_up", gives=NamedPupils)
def look_up_my_class(work: Work) -> dict[str, Any]:
    """The pupils of the class whose class teacher the caller is."""
    pupils = queries.pupils_of_class_teacher(work, work.caller.person_id)
    return {"items": queries.with_names(work, "enrollment.my_class", pupils)}


@door.get("/my-children", needs="directory.look_up", gives=NamedPupils)
def look_up_my_children(work: Work) -> dict[str, Any]:
    """The pupils whose verified guardian the caller is."""
    children = queries.children_of(work, work.caller.person_id)
    return {"items": queries.with_names(work, "enrollment.my_children", children)}


@door.get("/directory/changes", needs="directory.read", query=FeedPage, gives=Feed)
def list_directory_changes(work: Work, district: UUID, after: int, limit: int) -> dict[str, Any]:
    """The feed that another service keeps its own sealed copy from: everybody's newest name and phone, in order."""
    if "service" not in work.caller.roles:
        raise Forbidden("directory.read")
    work.act_as(replace(work.caller, district_ids=frozenset({district}), school_ids=None))
    return queries.changes_after(work, after, limit)

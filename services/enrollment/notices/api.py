"""HTTP door of notices."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.notices import commands
from services.enrollment.tables import ParentNotice
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("notices", "家长告知书 notices")


class NoticeOut(ma.Schema):
    """A notice: text by element, and its channels."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    plan_id = ma.fields.UUID()
    plan_version = ma.fields.Integer()
    notice_version = ma.fields.Integer()
    state = ma.fields.String()
    elements = ma.fields.Dict()
    channels = ma.fields.List(ma.fields.String())


class NewNotice(ma.Schema):
    """What the families are told, by the profile's elements."""

    plan_id = ma.fields.UUID(required=True)
    elements = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)
    channels = ma.fields.List(ma.fields.String(), required=True)


@door.post("/notices", needs="notice.draft", takes=NewNotice, gives=NoticeOut, status=201)
def draft_notice(work: Work, **new: Any) -> ParentNotice:
    """Write a notice."""
    return commands.draft(work, **new)


@door.list("/notices", needs="notice.read", gives=NoticeOut, of=ParentNotice, filters=("school_id", "plan_id", "state"))
def list_notices(work: Work) -> Select[Any]:
    """Notices of the caller's schools."""
    return select(ParentNotice)


@door.post("/notices/<uuid:notice_id>/publish", needs="notice.publish", gives=NoticeOut)
def publish_notice(work: Work, notice_id: UUID) -> ParentNotice:
    """Let a notice out."""
    return commands.publish(work, notice_id)

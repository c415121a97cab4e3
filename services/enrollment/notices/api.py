"""HTTP door of notices and windows."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.notices import commands
from services.enrollment.notices.rules import WINDOW_KINDS
from services.enrollment.tables import ApplicationWindow, ParentNotice
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("notices", "家长告知书与报名期 notices and windows")


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


class WindowOut(ma.Schema):
    """A window."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    plan_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    kind = ma.fields.String()
    state = ma.fields.String()


class NewWindow(ma.Schema):
    """For which plan, and whether it is the term's first."""

    plan_id = ma.fields.UUID(required=True)
    kind = ma.fields.String(load_default="TERM", validate=ma.validate.OneOf(WINDOW_KINDS))


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


@door.post("/windows", needs="window.open", takes=NewWindow, gives=WindowOut, status=201)
def plan_window(work: Work, **new: Any) -> ApplicationWindow:
    """Prepare a window."""
    return commands.plan_window(work, **new)


@door.list(
    "/windows", needs="window.read", gives=WindowOut, of=ApplicationWindow, filters=("school_id", "plan_id", "state")
)
def list_windows(work: Work) -> Select[Any]:
    """Windows of the caller's schools."""
    return select(ApplicationWindow)


@door.post("/windows/<uuid:window_id>/open", needs="window.open", gives=WindowOut)
def open_window(work: Work, window_id: UUID) -> ApplicationWindow:
    """Let families apply."""
    return commands.open_window(work, window_id)


@door.post("/windows/<uuid:window_id>/close", needs="window.close", gives=WindowOut)
def close_window(work: Work, window_id: UUID) -> ApplicationWindow:
    """Take no more applications."""
    return commands.close_window(work, window_id)

"""HTTP door of windows and applications. Reviews take up to 500 applications at once, all or none."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.applications import commands, queries
from services.enrollment.applications.rules import DECISIONS, WINDOW_KINDS
from services.enrollment.tables import Application, ApplicationWindow
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("applications", "参加申请 applications")

MANY = ma.validate.Length(1, 500)


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


class ApplicationOut(ma.Schema):
    """An application; `step` of its `chain` are done."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    window_id = ma.fields.UUID()
    plan_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    guardian_id = ma.fields.UUID()
    item_ids = ma.fields.List(ma.fields.UUID())
    offered_item_ids = ma.fields.List(ma.fields.UUID())
    kind = ma.fields.String()
    state = ma.fields.String()
    chain = ma.fields.List(ma.fields.Dict())
    step = ma.fields.Integer()
    reason_code = ma.fields.String(allow_none=True)
    submitted_at = ma.fields.AwareDateTime()


class ApplicationsOut(ma.Schema):
    """What was reviewed."""

    items = ma.fields.List(ma.fields.Nested(ApplicationOut))


class NewApplication(ma.Schema):
    """Which items a guardian wants for a child."""

    window_id = ma.fields.UUID(required=True)
    pupil_id = ma.fields.UUID(required=True)
    item_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, 20))


class Passed(ma.Schema):
    """Which applications the class teacher passes on."""

    application_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=MANY)


class Decision(Passed):
    """What the school decides about them; a rejection gives its reason, a reallocation the items offered."""

    decision = ma.fields.String(required=True, validate=ma.validate.OneOf(list(DECISIONS)))
    reason_code = ma.fields.String(load_default=None, allow_none=True)
    item_ids = ma.fields.List(ma.fields.UUID(), load_default=list)


class Offer(ma.Schema):
    """Other items."""

    item_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, 20))


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


@door.post("/applications", needs="application.submit", takes=NewApplication, gives=ApplicationOut, status=201)
def submit_application(work: Work, **new: Any) -> Application:
    """Apply for one's child."""
    return commands.submit(work, **new)


@door.list(
    "/applications",
    needs="application.read",
    gives=ApplicationOut,
    of=Application,
    filters=("school_id", "window_id", "plan_id", "class_id", "pupil_id", "state", "kind", "submitted_at"),
    sorts=("id", "submitted_at"),
)
def list_applications(work: Work) -> Select[Any]:
    """Applications for the pupils whom the caller may see."""
    return queries.list_applications(work)


@door.get("/applications/<uuid:application_id>", needs="application.read", gives=ApplicationOut)
def read_application(work: Work, application_id: UUID) -> Application:
    """One application."""
    return work.one(queries.list_applications(work).where(Application.id == application_id), thing="application")


@door.post("/applications/class-review", needs="application.class_review", takes=Passed, gives=ApplicationsOut)
def review_by_class(work: Work, application_ids: list[UUID]) -> dict[str, Any]:
    """Pass applications of one's own class on."""
    return {"items": commands.class_review(work, application_ids=application_ids)}


@door.post("/applications/school-review", needs="application.school_review", takes=Decision, gives=ApplicationsOut)
def review_by_school(work: Work, **decision: Any) -> dict[str, Any]:
    """Decide about applications."""
    return {"items": commands.school_review(work, **decision)}


@door.post(
    "/applications/<uuid:application_id>/offer-reallocation",
    needs="application.offer_reallocation",
    takes=Offer,
    gives=ApplicationOut,
)
def offer_reallocation(work: Work, application_id: UUID, item_ids: list[UUID]) -> Application:
    """Offer other items to a family that waits."""
    return commands.offer_reallocation(work, application_id, item_ids=item_ids)


@door.post("/applications/<uuid:application_id>/place", needs="application.place", gives=ApplicationOut)
def place_waiting_application(work: Work, application_id: UUID) -> Application:
    """Give a family that waits the places that became free."""
    return commands.place_waiting(work, application_id)


@door.post("/applications/<uuid:application_id>/accept", needs="application.answer_offer", gives=ApplicationOut)
def accept_reallocation(work: Work, application_id: UUID) -> Application:
    """Take the items that were offered."""
    return commands.accept_offer(work, application_id)


@door.post("/applications/<uuid:application_id>/decline", needs="application.answer_offer", gives=ApplicationOut)
def decline_reallocation(work: Work, application_id: UUID) -> Application:
    """Do not take the items that were offered."""
    return commands.decline_offer(work, application_id)


@door.post("/applications/<uuid:application_id>/withdraw", needs="application.withdraw", gives=ApplicationOut)
def withdraw_application(work: Work, application_id: UUID) -> Application:
    """Take an application back."""
    return commands.withdraw(work, application_id)

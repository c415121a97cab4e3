"""HTTP door of applications. Reviews take up to 500 applications at once, all or none."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.enrollment.applications import commands
from services.enrollment.applications.rules import DECISIONS
from services.enrollment.directory.queries import list_visible
from services.enrollment.tables import Application
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("applications", "参加申请 applications")

MANY = ma.validate.Length(1, 500)


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


class OralApplication(NewApplication):
    """What a guardian asked for by word of mouth."""

    guardian_id = ma.fields.UUID(required=True)


class Form(ma.Schema):
    """Where the evidence is kept that the form speaks of."""

    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(max=200))


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
    return list_visible(work, Application)


@door.get("/applications/<uuid:application_id>", needs="application.read", gives=ApplicationOut)
def read_application(work: Work, application_id: UUID) -> Application:
    """One application."""
    query = list_visible(work, Application).where(Application.id == application_id)
    found: Application = work.one(query, thing="application")
    return found


@door.post(
    "/applications/register-oral",
    needs="application.register_oral",
    takes=OralApplication,
    gives=ApplicationOut,
    status=201,
)
def register_oral_application(work: Work, **new: Any) -> Application:
    """Write down what a guardian of one's own class asked for."""
    return commands.register_oral(work, **new)


@door.post("/applications/prelim-review", needs="application.prelim_review", takes=Passed, gives=ApplicationsOut)
def review_preliminarily(work: Work, application_ids: list[UUID]) -> dict[str, Any]:
    """Find that a form may be handed out, for applications of one's own class."""
    return {"items": commands.class_step(work, "prelim_review", application_ids=application_ids)}


@door.post("/applications/issue-form", needs="application.issue_form", takes=Passed, gives=ApplicationsOut)
def issue_application_forms(work: Work, application_ids: list[UUID]) -> dict[str, Any]:
    """Hand the form out."""
    return {"items": commands.class_step(work, "issue_form", application_ids=application_ids)}


@door.post(
    "/applications/<uuid:application_id>/submit-form", needs="application.submit", takes=Form, gives=ApplicationOut
)
def submit_application_form(work: Work, application_id: UUID, evidence_ref: str) -> Application:
    """Hand the form in for one's child."""
    return commands.submit_form(work, application_id, evidence_ref=evidence_ref)


@door.post("/applications/class-review", needs="application.class_review", takes=Passed, gives=ApplicationsOut)
def review_by_class(work: Work, application_ids: list[UUID]) -> dict[str, Any]:
    """Pass applications of one's own class on."""
    return {"items": commands.class_step(work, "class_review", application_ids=application_ids)}


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

"""HTTP door of complaints. Their words are read by who complained and who handles them; nobody reads who it was."""

from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.enrollment.complaints import commands, queries, rules
from services.enrollment.tables import Complaint
from shared.messaging.work import Work
from shared.policy.codes import PROHIBITIONS, TARGETS
from shared.web.door import Door

door = Door("complaints", "意见建议与投诉 complaints")


class ComplaintOut(ma.Schema):
    """A complaint without its words, and without who filed it."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    topic = ma.fields.String()
    prohibition_code = ma.fields.String(allow_none=True)
    target_kind = ma.fields.String(allow_none=True)
    target_id = ma.fields.UUID(allow_none=True)
    happened_on = ma.fields.Date()
    filed_on = ma.fields.Date()
    state = ma.fields.String()
    service = ma.fields.String(allow_none=True)
    answer_by = ma.fields.Date()
    object_until = ma.fields.Date(allow_none=True)


class Words(ma.Schema):
    """What is said, in writing."""

    text = ma.fields.String(required=True, validate=ma.validate.Length(1, 10_000))


class NewComplaint(Words):
    """What it is about, at which school and since when; with a prohibition who is said to break it, if it is known."""

    school_id = ma.fields.UUID(required=True)
    topic = ma.fields.String(required=True, validate=ma.validate.OneOf(rules.TOPICS))
    happened_on = ma.fields.Date(required=True)
    prohibition_code = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(PROHIBITIONS))
    target_kind = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(TARGETS))
    target_id = ma.fields.UUID(load_default=None, allow_none=True)
    evidence_ref = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(1, 200))


class Routing(ma.Schema):
    """The service that answers for it."""

    service = ma.fields.String(required=True, validate=ma.validate.OneOf(rules.SERVICES))


class StepOut(ma.Schema):
    """What was done, and what was said; `code` is a service, why it was escalated, or what a case came to."""

    action = ma.fields.String()
    at = ma.fields.AwareDateTime()
    code = ma.fields.String(allow_none=True)
    text = ma.fields.String(allow_none=True)


class HistoryOut(ma.Schema):
    """A complaint from its first word on."""

    evidence_ref = ma.fields.String(allow_none=True)
    steps = ma.fields.List(ma.fields.Nested(StepOut), required=True)


class FiledPeriod(ma.Schema):
    """Between which days it was filed, both included."""

    filed_from = ma.fields.Date(load_default=None)
    filed_to = ma.fields.Date(load_default=None)


class ComplaintCount(ma.Schema):
    """How many complaints there are of a kind; `month` as 2026-09."""

    topic = ma.fields.String()
    prohibition_code = ma.fields.String(allow_none=True)
    school_id = ma.fields.UUID()
    month = ma.fields.String()
    state = ma.fields.String()
    count = ma.fields.Integer()


class ComplaintStatistics(ma.Schema):
    """Complaints, counted."""

    complaints = ma.fields.List(ma.fields.Nested(ComplaintCount), required=True)


class SilentSchool(ma.Schema):
    """A school whose families were not heard since a day."""

    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    since = ma.fields.Date()


class SilentSchools(ma.Schema):
    """Where no opinion was collected."""

    items = ma.fields.List(ma.fields.Nested(SilentSchool), required=True)


@door.post("/complaints", needs="complaint.file", takes=NewComplaint, gives=ComplaintOut, status=201)
def file_complaint(work: Work, **new: Any) -> Complaint:
    """Complain about a school's service, or suggest something."""
    return commands.file_complaint(work, **new)


@door.list(
    "/complaints",
    needs="complaint.read",
    gives=ComplaintOut,
    of=Complaint,
    filters=("school_id", "topic", "prohibition_code", "state", "service", "happened_on", "filed_on", "answer_by"),
    sorts=("id", "answer_by"),
)
def list_complaints(work: Work) -> Select[Any]:
    """One's own complaints; for whom it is a duty those of their schools."""
    return queries.list_complaints(work)


@door.get("/complaints/<uuid:complaint_id>", needs="complaint.read", gives=ComplaintOut)
def read_complaint(work: Work, complaint_id: UUID) -> Complaint:
    """One complaint."""
    return queries.find_complaint(work, complaint_id)


@door.get("/complaints/<uuid:complaint_id>/history", needs="complaint.read", gives=HistoryOut)
def read_complaint_history(work: Work, complaint_id: UUID) -> dict[str, Any]:
    """What was said and done, for who complained and who handles it."""
    return queries.read_history(work, complaint_id)


@door.post("/complaints/<uuid:complaint_id>/acknowledge", needs="complaint.route", gives=ComplaintOut)
def acknowledge_complaint(work: Work, complaint_id: UUID) -> Complaint:
    """Say that it has arrived."""
    return commands.acknowledge(work, complaint_id)


@door.post("/complaints/<uuid:complaint_id>/route", needs="complaint.route", takes=Routing, gives=ComplaintOut)
def route_complaint(work: Work, complaint_id: UUID, service: str) -> Complaint:
    """Name the service that answers for it."""
    return commands.route(work, complaint_id, service=service)


@door.post("/complaints/<uuid:complaint_id>/answer", needs="complaint.answer", takes=Words, gives=ComplaintOut)
def answer_complaint(work: Work, complaint_id: UUID, text: str) -> Complaint:
    """Answer in writing; not by whoever is complained about, complained, or gave the answer that is objected to."""
    return commands.answer(work, complaint_id, text=text)


@door.post("/complaints/<uuid:complaint_id>/escalate", needs="complaint.answer", gives=ComplaintOut)
def escalate_complaint(work: Work, complaint_id: UUID) -> Complaint:
    """Leave it to the district."""
    return commands.escalate(work, complaint_id)


@door.post("/complaints/<uuid:complaint_id>/accept", needs="complaint.file", gives=ComplaintOut)
def accept_answer(work: Work, complaint_id: UUID) -> Complaint:
    """Be content with the answer to one's complaint."""
    return commands.accept(work, complaint_id)


@door.post("/complaints/<uuid:complaint_id>/object", needs="complaint.file", takes=Words, gives=ComplaintOut)
def object_to_answer(work: Work, complaint_id: UUID, text: str) -> Complaint:
    """Ask the district for another answer to one's complaint, once and within the profile's days."""
    return commands.object_to_answer(work, complaint_id, text=text)


@door.get("/complaint-statistics", needs="statistics.read", query=FiledPeriod, gives=ComplaintStatistics)
def read_complaint_statistics(work: Work, filed_from: date | None, filed_to: date | None) -> dict[str, list[Any]]:
    """Complaints by topic, prohibition, school, month and state."""
    return {"complaints": queries.count_complaints(work, filed_from, filed_to)}


@door.get("/silent-schools", needs="statistics.read", gives=SilentSchools)
def read_silent_schools(work: Work) -> dict[str, list[Any]]:
    """Schools whose families were not heard in the profile's cycle so far."""
    return {"items": queries.find_silent_schools(work)}

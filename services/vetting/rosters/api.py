"""HTTP door of rosters."""

from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from sqlalchemy import Select

from services.vetting.rosters import commands, queries
from services.vetting.tables import Assignment
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.policy.codes import ROLES
from shared.web.door import Door
from shared.web.exports import CSV, FORMATS, export

door = Door("rosters", "排班 rosters")

MOST_DAYS = 200


class AssignmentOut(ma.Schema):
    """A person in a session."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    session_id = ma.fields.UUID()
    role = ma.fields.String()
    state = ma.fields.String()
    cause = ma.fields.String(allow_none=True)
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime()


class AssignmentsOut(ma.Schema):
    """What was assigned."""

    items = ma.fields.List(ma.fields.Nested(AssignmentOut))


class NewAssignments(ma.Schema):
    """A person, a role, and sessions of one school and term."""

    person_id = ma.fields.UUID(required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    session_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, 500))


class Proposals(ma.Schema):
    """What was proposed for one person, at one school, in one role."""

    assignment_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, 500))


class NewSeries(ma.Schema):
    """A person, a role, and what a group is to hold between two dates, both included."""

    person_id = ma.fields.UUID(required=True)
    group_id = ma.fields.UUID(required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)


class SeriesOut(ma.Schema):
    """How many sessions were assigned, from which instant to which."""

    assigned = ma.fields.Integer()
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime()


class Successor(ma.Schema):
    """Who takes over."""

    person_id = ma.fields.UUID(required=True)


class Exchange(ma.Schema):
    """The other assignment."""

    assignment_id = ma.fields.UUID(required=True)


class WhichTerm(ma.Schema):
    """A term, at one school or at all of the caller's."""

    term_id = ma.fields.UUID(required=True)
    school_id = ma.fields.UUID(load_default=None)


class LeadShareOut(ma.Schema):
    """How much of a school's leading its own do; shares in basis points."""

    school_id = ma.fields.UUID()
    sessions = ma.fields.Integer()
    own_share_bp = ma.fields.Integer()
    reaches_least = ma.fields.Boolean()


class LeadSharesOut(ma.Schema):
    """A line for each school, and the clauses that want the least."""

    least_bp = ma.fields.Integer()
    clauses = ma.fields.List(ma.fields.String())
    items = ma.fields.List(ma.fields.Nested(LeadShareOut))


class WhichDays(ma.Schema):
    """A school's days, both included, and the form of the file."""

    school_id = ma.fields.UUID(required=True)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)
    form = ma.fields.String(load_default=CSV, validate=ma.validate.OneOf(FORMATS))

    @ma.validates_schema
    def need_a_term_at_most(self, days: dict[str, Any], **_: Any) -> None:
        """A file is made in one piece."""
        if not 0 <= (days["ends_on"] - days["starts_on"]).days <= MOST_DAYS:
            raise ma.ValidationError("not_between_one_day_and_a_term", "ends_on")


@door.post("/assignments", needs="roster.confirm", takes=NewAssignments, gives=AssignmentsOut, status=201)
def assign(work: Work, **wanted: Any) -> dict[str, Any]:
    """Assign a cleared person to sessions, all or none."""
    return {"items": commands.assign(work, **wanted)}


@door.post("/assignments/propose", needs="roster.propose", takes=NewAssignments, gives=AssignmentsOut, status=201)
def propose_assignments(work: Work, **wanted: Any) -> dict[str, Any]:
    """Plan a person for sessions, cleared yet or not."""
    return {"items": commands.propose(work, **wanted)}


@door.post("/assignments/confirm", needs="roster.confirm", takes=Proposals, gives=AssignmentsOut)
def confirm_assignments(work: Work, assignment_ids: list[UUID]) -> dict[str, Any]:
    """Assign a person as it was proposed, all or none."""
    return {"items": commands.confirm(work, assignment_ids=assignment_ids)}


@door.post("/assignments/series", needs="roster.confirm", takes=NewSeries, gives=SeriesOut, status=201)
def assign_series(work: Work, **wanted: Any) -> dict[str, Any]:
    """Assign a cleared person to a group's sessions of a term, all or none; a refusal names each that is in the way."""
    rows = commands.assign_series(work, **wanted)
    return {"assigned": len(rows), "starts_at": rows[0].starts_at, "ends_at": rows[-1].ends_at}


@door.list(
    "/assignments",
    needs="roster.read",
    gives=AssignmentOut,
    of=Assignment,
    filters=("person_id", "session_id", "school_id", "state", "starts_at"),
    sorts=("starts_at", "id"),
)
def list_assignments(work: Work) -> Select[Any]:
    """The roster of the caller's schools."""
    return queries.list_assignments(work)


@door.post("/assignments/<uuid:assignment_id>/remove", needs="roster.remove", gives=AssignmentOut)
def remove_assignment(work: Work, assignment_id: UUID) -> Assignment:
    """Take a person off a session; somebody else is sought."""
    return commands.remove(work, assignment_id, "CANCELLED")


@door.post(
    "/assignments/<uuid:assignment_id>/hand-over",
    needs="roster.confirm",
    takes=Successor,
    gives=AssignmentOut,
    status=201,
)
def hand_over_assignment(work: Work, assignment_id: UUID, person_id: UUID) -> Assignment:
    """Give one session to somebody else; nobody is sought for it."""
    return commands.hand_over(work, assignment_id, person_id=person_id)


@door.post("/assignments/<uuid:of_id>/swap", needs="roster.confirm", takes=Exchange, gives=AssignmentsOut, status=201)
def swap_assignments(work: Work, of_id: UUID, assignment_id: UUID) -> dict[str, Any]:
    """Two people exchange a session each."""
    return {"items": commands.swap(work, of_id, other_id=assignment_id)}


@door.get("/own-lead-shares", needs="roster.read", query=WhichTerm, gives=LeadSharesOut)
def read_own_lead_shares(work: Work, term_id: UUID, school_id: UUID | None) -> dict[str, Any]:
    """How much of a term's leading each school's own do; reported, not enforced."""
    return queries.own_lead_shares(work, term_id, school_id)


@door.post("/substitute-requests/<uuid:request_id>/accept", needs="substitute.accept", gives=AssignmentOut)
def accept_substitution(work: Work, request_id: UUID) -> Assignment:
    """Take the session that was offered to the caller."""
    return commands.accept_substitute(work, request_id)


@door.get("/roster", needs="roster.export", query=WhichDays)
def export_roster(work: Work, school_id: UUID, starts_on: date, ends_on: date, form: str) -> Response:
    """Who serves at a school, day by day, as a file with names."""
    rows = queries.list_roster(work, school_id, starts_on, ends_on)
    log_access(work, "vetting.roster", {person.id for _, _, person in rows})
    return export("roster", queries.COLUMNS, queries.roster_lines(work, rows), form)

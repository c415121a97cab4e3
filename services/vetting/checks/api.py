"""HTTP door of checks. What a hit found is read by vetting officers alone, and logged."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.checks import commands, queries
from services.vetting.checks.rules import KINDS, RESULTS, Answer
from services.vetting.checks.sources import COLUMNS, ResultFile
from services.vetting.people.queries import names_of
from services.vetting.tables import Check, CheckAnswer
from shared.access_log import log_access
from shared.clock import LAST_DAY
from shared.messaging.work import Work
from shared.web.door import Door
from shared.web.exports import File, export
from shared.web.spine import Job

door = Door("checks", "准入查询 checks")


class CheckOut(ma.Schema):
    """A check and its result, without any detail of a hit."""

    id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    kind = ma.fields.String()
    state = ma.fields.String()
    as_of = ma.fields.Date(allow_none=True)
    expires_on = ma.fields.Date(allow_none=True)


class NewCheck(ma.Schema):
    """Which query about whom."""

    person_id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))


class NeededCheck(ma.Schema):
    """A check that the person's category needs; NEEDED while nobody has asked for it."""

    kind = ma.fields.String()
    state = ma.fields.String()
    check_id = ma.fields.UUID(allow_none=True)
    as_of = ma.fields.Date(allow_none=True)
    expires_on = ma.fields.Date(allow_none=True)


class NeededChecks(ma.Schema):
    """Every check that the person's category needs by the profile."""

    items = ma.fields.List(ma.fields.Nested(NeededCheck))


class Result(ma.Schema):
    """What the authority answered, and where the evidence is kept.

    Of a hit also what was found, kept sealed, and the last day on which the law keeps the person away, if it sets one.
    """

    result = ma.fields.String(required=True, validate=ma.validate.OneOf(list(RESULTS)))
    as_of = ma.fields.Date(required=True)
    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    detail = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 10_000))
    bars_until = ma.fields.Date(load_default=None, validate=ma.validate.Range(max=LAST_DAY))


class Detail(ma.Schema):
    """What a hit found."""

    detail = ma.fields.String()


class AnswerOut(ma.Schema):
    """A line of a file of results: RECORDED, REPEATED, the code of its refusal, or null while it waits."""

    id = ma.fields.UUID()
    batch_id = ma.fields.UUID()
    line = ma.fields.Integer()
    person_id = ma.fields.UUID(allow_none=True)
    kind = ma.fields.String(allow_none=True)
    outcome = ma.fields.String(allow_none=True)


@door.post("/checks", needs="check.request", takes=NewCheck, gives=CheckOut, status=201)
def request_check(work: Work, **new: Any) -> Check:
    """Ask for a check."""
    return commands.request_check(work, **new)


@door.list("/checks", needs="check.read", gives=CheckOut, of=Check, filters=("person_id", "kind", "state"))
def list_checks(work: Work) -> Select[Any]:
    """Checks, newest last."""
    return select(Check)


@door.get("/people/<uuid:person_id>/needed-checks", needs="person.read", gives=NeededChecks)
def list_needed_checks(work: Work, person_id: UUID) -> dict[str, Any]:
    """What a person's category needs, and how far each is."""
    return {"items": queries.needed_checks(work, person_id)}


@door.post("/checks/<uuid:check_id>/submit", needs="check.submit", gives=CheckOut)
def submit_check(work: Work, check_id: UUID) -> Check:
    """The request went to the authority."""
    return commands.submit_check(work, check_id)


@door.post("/checks/<uuid:check_id>/record-result", needs="check.record", takes=Result, gives=CheckOut)
def record_result(work: Work, check_id: UUID, **result: Any) -> Check:
    """Keep the authority's answer; a hit blocks at once."""
    return commands.record_result(work, check_id, Answer(**result))


@door.get("/checks/<uuid:check_id>/detail", needs="check.read_detail", gives=Detail)
def read_check_detail(work: Work, check_id: UUID) -> dict[str, str]:
    """What a hit found, for vetting officers."""
    check = work.get(Check, check_id)
    log_access(work, "vetting.check_detail", [check.person_id])
    return {"detail": queries.open_detail(work, check)}


@door.post("/checks/request-due", needs="check.submit", gives=Job, status=202)
def request_due_checks(work: Work) -> Any:
    """Ask, as a job, for every check that somebody of the district needs soon to stay cleared."""
    return commands.request_due(work)


@door.get("/requested-checks.csv", needs="check.submit")
def export_requested_checks(work: Work) -> File:
    """Whom to query at the authority, with names and ID numbers, in the columns of a file of results."""
    found = queries.requested_checks(work)
    log_access(work, "vetting.requested_checks", {person.id for _, person in found})
    columns = ("person_id", "name", *COLUMNS[1:])
    blanks = (None,) * (len(COLUMNS) - 3)
    opened = names_of(work, [person for _, person in found])
    rows = [(person.id, *opened[person.id], check.kind, *blanks) for check, person in found]
    return export("requested-checks", columns, rows)


@door.post("/check-results", needs="check.record", gives=Job, status=202, raw=True)
def keep_check_results(work: Work, body: bytes) -> Any:
    """Keep the results in a CSV file, as a job; a line names a person by id or by ID number."""
    return commands.stage_results(work, ResultFile(body))


@door.list(
    "/check-results",
    needs="check.record",
    gives=AnswerOut,
    of=CheckAnswer,
    filters=("batch_id", "outcome"),
    sorts=("position", "id"),
)
def list_check_results(work: Work) -> Select[Any]:
    """What became of each line of a file."""
    return select(CheckAnswer)

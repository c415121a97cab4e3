"""HTTP door of pay runs."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.finance.pay_runs import commands, queries
from services.finance.tables import PayRun
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("pay_runs", "发放批次 pay runs")


class RunOut(ma.Schema):
    """A run."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    until = ma.fields.Date()
    state = ma.fields.String()
    prepared_by = ma.fields.String()
    approved_by = ma.fields.String(allow_none=True)


class Sum(ma.Schema):
    """What comes from one source for one category."""

    category = ma.fields.String()
    funding_source = ma.fields.String()
    amount_fen = ma.fields.Integer()


class RunInFigures(ma.Schema):
    """A run and what it comes to."""

    run = ma.fields.Nested(RunOut)
    line_count = ma.fields.Integer()
    total_fen = ma.fields.Integer()
    sums = ma.fields.List(ma.fields.Nested(Sum))


class NewRun(ma.Schema):
    """Which lines: of a school's term, for service up to a day."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    until = ma.fields.Date(required=True)


@door.post("/pay-runs", needs="pay.calculate", takes=NewRun, gives=RunOut, status=201, once=True)
def prepare_run(work: Work, **wanted: Any) -> PayRun:
    """Put every accrued line into a run."""
    return commands.prepare(work, **wanted)


@door.list("/pay-runs", needs="pay.read", gives=RunOut, of=PayRun, filters=("school_id", "term_id", "state", "until"))
def list_runs(work: Work) -> Select[Any]:
    """Runs of the caller's schools."""
    return select(PayRun)


@door.get("/pay-runs/<uuid:run_id>", needs="pay.read", gives=RunInFigures)
def read_run(work: Work, run_id: UUID) -> dict[str, Any]:
    """A run and what it comes to."""
    return queries.describe(work, work.get(PayRun, run_id))


@door.post("/pay-runs/<uuid:run_id>/approve", needs="pay.approve", gives=RunOut, once=True)
def approve_run(work: Work, run_id: UUID) -> PayRun:
    """Approve it; not by whoever prepared it."""
    return commands.approve(work, run_id)


@door.post("/pay-runs/<uuid:run_id>/pay", needs="pay.pay", gives=RunOut, once=True)
def pay_run(work: Work, run_id: UUID) -> PayRun:
    """Pay it."""
    return commands.pay(work, run_id)

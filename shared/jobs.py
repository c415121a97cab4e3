"""Bulk work over 500 rows: answered at once with a job, done by the clock role in chunks, each its own transaction.

Progress is written in the chunk's transaction, so a job that was cut off goes on where it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row as Found
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import OperationalError

from shared.caller import service_itself
from shared.database import Database
from shared.ids import new_id
from shared.messaging.work import Work, open_work
from shared.refusals import Refused
from shared.tables import jobs

log = structlog.get_logger()

CHUNK = 500


@dataclass(frozen=True)
class Step:
    """What a chunk did: rows handled, row errors, and the result once nothing is left."""

    done: int
    errors: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] | None = None


JobKind = Callable[[Work, Mapping[str, Any], int], Step]
"""`(work, input, rows done so far) -> Step`; handles at most CHUNK rows; a result ends the job."""


def start(work: Work, kind: str, given: Mapping[str, Any], total: int) -> Any:
    """Queue a job; returns its row for the 202 reply."""
    row = {"id": new_id(), "district_id": work.caller.district_id, "kind": kind, "state": "waiting"}
    return work.session.execute(
        insert(jobs).values(**row, input=dict(given), total=total, created_by=work.caller.subject).returning(jobs)
    ).one()


def run_waiting(database: Database, kinds: Mapping[str, JobKind]) -> int:
    """Run every waiting job to its end; returns how many chunks were done."""
    chunks = 0
    while (job := _next(database)) is not None:
        if not _run_chunk(database, kinds, job.id, job.district_id):
            break
        chunks += 1
    return chunks


def _next(database: Database) -> Any:
    with database.session() as session:
        return session.execute(
            select(jobs.c.id, jobs.c.district_id)
            .where(jobs.c.state.in_(("waiting", "running")))
            .order_by(jobs.c.id)
            .limit(1)
        ).one_or_none()


def _run_chunk(database: Database, kinds: Mapping[str, JobKind], job_id: UUID, district_id: UUID) -> bool:
    with open_work(database, service_itself(database.service, district_id)) as work:
        job = work.session.execute(
            select(jobs)
            .where(jobs.c.id == job_id, jobs.c.state.in_(("waiting", "running")))
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if job is None:
            return False
        work.session.execute(update(jobs).where(jobs.c.id == job_id).values(**_progress(work, kinds, job)))
    return True


def _progress(work: Work, kinds: Mapping[str, JobKind], job: Found[Any]) -> dict[str, Any]:
    said_before = work.mark()
    try:
        with work.session.begin_nested():
            step = kinds[job.kind](work, job.input, job.done)
            work.session.flush()
    except OperationalError:
        raise
    except Exception as fault:  # noqa: BLE001  # the job ends and says so; other jobs go on
        work.take_back(said_before)
        log.error("job_failed", service=work.service, kind=job.kind, fault=repr(fault)[:300])
        reason = fault.code if isinstance(fault, Refused) else type(fault).__name__
        return {"state": "failed", "errors": [*job.errors, {"code": reason}], "finished_at": func.now()}
    values: dict[str, Any] = {"state": "running", "done": job.done + step.done, "errors": [*job.errors, *step.errors]}
    if step.result is not None:
        values |= {"state": "done", "result": step.result, "finished_at": func.now()}
    return values

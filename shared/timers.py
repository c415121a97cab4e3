"""Deadlines that survive restarts: rows that the clock role fires once, when business time reaches them.

A service declares what each kind does (`Service.timers`); commands set and cancel.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ARRAY, Text, Uuid, bindparam, column, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from shared.caller import service_itself
from shared.database import Database
from shared.ids import new_id
from shared.messaging.work import Work, open_work
from shared.refusals import Refused
from shared.tables import Moment, timers

log = structlog.get_logger()

BATCH = 200
RETRY = timedelta(seconds=30)
FAULT = "fault"

_BUSINESS_NOW = func.now() + func.coalesce(text("(SELECT shift FROM business_clock)"), text("interval '0'"))


def set_timer(work: Work, kind: str, subject: UUID, due_at: datetime) -> None:
    """Fire `kind` for `subject` at `due_at` (business time); a timer still waiting for the same is moved."""
    set_timers(work, kind, [(subject, due_at)])


def set_timers(work: Work, kind: str, due: Sequence[tuple[UUID, datetime]]) -> None:
    """Many timers of one kind, `(subject, due_at)` each and each subject once, in one statement."""
    work.session.execute(
        _SET,
        {
            "of_district": work.caller.district_id,
            "of_kind": kind,
            "ids": [new_id() for _ in due],
            "subjects": [subject for subject, _ in due],
            "instants": [due_at for _, due_at in due],
        },
    )


def cancel_timer(work: Work, kind: str, subject: UUID) -> None:
    """Forget a waiting timer; nothing happens when there is none."""
    work.session.execute(_CANCEL, {"of_kind": kind, "about": subject})


def _set() -> Any:
    """Three arrays instead of a row of parameters for each timer: thousands are set when a person is blocked."""
    arrays = (("ids", Uuid()), ("subjects", Uuid()), ("instants", Moment))
    due = func.unnest(*(bindparam(name, type_=ARRAY(kind)) for name, kind in arrays)).table_valued(
        column("id", Uuid()), column("subject", Uuid()), column("due_at", Moment)
    )
    due = due.render_derived()
    district, kind = bindparam("of_district", type_=Uuid()), bindparam("of_kind", type_=Text())
    statement = insert(timers).from_select(
        ["id", "district_id", "kind", "subject", "due_at"],
        select(due.c.id, district, kind, due.c.subject, due.c.due_at),
    )
    return statement.on_conflict_do_update(
        index_elements=["kind", "subject"],
        index_where=text("fired_at IS NULL"),
        set_={"due_at": statement.excluded.due_at, "attempts": 0},
    )


_SET = _set()

_CANCEL = delete(timers).where(
    timers.c.kind == bindparam("of_kind"), timers.c.subject == bindparam("about"), timers.c.fired_at.is_(None)
)


def fire_due(database: Database, kinds: Mapping[str, Callable[[Work, UUID], None]]) -> int:
    """Fire what is due, each timer in a transaction of its own; returns how many were fired."""
    with database.session() as session:
        due = session.execute(
            select(timers.c.id, timers.c.district_id)
            .where(timers.c.fired_at.is_(None), timers.c.due_at <= _BUSINESS_NOW)
            .order_by(timers.c.due_at)
            .limit(BATCH)
        ).all()
    return sum(_fire(database, kinds, timer_id, district_id) for timer_id, district_id in due)


def _fire(
    database: Database, kinds: Mapping[str, Callable[[Work, UUID], None]], timer_id: UUID, district_id: UUID
) -> bool:
    with open_work(database, service_itself(database.service, district_id)) as work:
        timer = work.session.execute(
            select(timers).where(timers.c.id == timer_id, timers.c.fired_at.is_(None)).with_for_update(skip_locked=True)
        ).one_or_none()
        if timer is None:
            return False
        this = update(timers).where(timers.c.id == timer_id)
        # Marked first, so that the command may set the next timer of the same kind and subject.
        work.session.execute(this.values(fired_at=func.now()))
        outcome = _outcome(work, kinds, timer)
        if outcome is not None:
            work.session.execute(this.values(error=outcome, **(_later(timer) if outcome == FAULT else {})))
    return outcome != FAULT


def _outcome(work: Work, kinds: Mapping[str, Callable[[Work, UUID], None]], timer: Any) -> str | None:
    """None when it was done, the refusal when a rule said no, FAULT when it must be tried again."""
    said_before = work.mark()
    try:
        with work.session.begin_nested():
            kinds[timer.kind](work, timer.subject)
            work.session.flush()
    except Refused as refusal:
        work.take_back(said_before)
        return str(refusal)
    except OperationalError:
        raise
    except Exception as fault:  # noqa: BLE001  # a broken timer waits and is counted; it must not stop the others
        work.take_back(said_before)
        log.error("timer_failed", service=work.service, kind=timer.kind, fault=repr(fault)[:300])
        return FAULT
    return None


def _later(timer: Any) -> dict[str, object]:
    """Wait again, twice as long each time."""
    return {"fired_at": None, "attempts": timer.attempts + 1, "due_at": timer.due_at + RETRY * 2**timer.attempts}

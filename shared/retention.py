"""Retention: what only delivery needs is deleted once it is old, in small batches, by any number of clocks at once.

Ages are by machine time. Sent events are the log that listeners catch up from: one that fell behind by more than the
retention finds a hole that nobody fills, and stands still before it with GapOpen and a stale lease for `kehou status`
to show; it never reads on past what it missed. Receipts may go because positions refuse whatever was applied before.
What waits (unsent, parked, dead, not fired) stays however old it is, and what is kept for ever is not named here.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.orm import Session

from shared.database import Database
from shared.tables import idempotency_keys, inbox, notifications, outbox, timers

BATCH = 500
REPEATS = timedelta(hours=24)
"""How long a request with an Idempotency-Key may be repeated (messaging.md §5)."""


def prune(database: Database, retention: timedelta) -> int:
    """Delete a batch of each kind; returns how many rows went, 0 when nothing is old any more."""
    with database.session() as session:
        gone = (
            _delete(session, outbox.c.sent_at, retention)
            + _delete(session, inbox.c.received_at, retention, inbox.c.status.in_(("done", "refused")))
            + _delete(session, timers.c.fired_at, retention)
            + _delete(session, notifications.c.sent_at, retention)
            + _delete(session, idempotency_keys.c.created_at, REPEATS)
        )
        session.commit()
    return gone


def _delete(session: Session, since: Any, age: timedelta, *conditions: ColumnElement[bool]) -> int:
    """Delete the oldest rows that are older than `age` and that no other clock is deleting."""
    table, key = since.table, since.table.primary_key
    old = session.execute(
        select(*key)
        .where(since < func.now() - age, *conditions)
        .order_by(since)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    session.execute(delete(table).where(tuple_(*key).in_(old)))
    return len(old)

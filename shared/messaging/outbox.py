"""The outbox: what a transaction said, kept in the same transaction, numbered without gaps per partition.

The counter row of a partition is locked by the update that reserves numbers, so numbers follow the order of commit and
a reader who sees n has seen everything below n. Bytes are frozen here: a repeated publish repeats them exactly.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Connection, any_, bindparam, select, text, update
from sqlalchemy.orm import Session

from shared.database import insert_rows
from shared.events import PARTITIONS, Envelope, Event, data_of, encode
from shared.ids import new_id
from shared.tables import outbox, outbox_part, outbox_subject


@dataclass(frozen=True, kw_only=True)
class Said:
    """An event with what the unit of work knows about it."""

    id: UUID
    event: Event
    actor: str
    causation_id: UUID | None
    correlation_id: UUID
    time: datetime


@dataclass(frozen=True)
class Reached:
    """A place in one partition of a service's log."""

    timeline: UUID
    part: int
    sequence: int


@dataclass(frozen=True)
class Outgoing:
    """A row that is not yet known to have reached every listener."""

    id: int
    event_id: UUID
    part: int
    type: str
    body: bytes

    @property
    def routing_key(self) -> str:
        """`vetting.staff.blocked.p03`."""
        return f"{self.type}.p{self.part:02d}"


RESTORED = 1_000_000
"""More events than a subject can have had between a copy and the loss of the original."""

# Subjects before partitions, each in order: every writer locks in the same order, so writers never deadlock here.
_COUNT_SUBJECTS = text(
    "WITH floor AS (SELECT coalesce(max(version), 0) AS version FROM outbox_subject WHERE subject = '')"
    " INSERT INTO outbox_subject (subject, version)"
    " SELECT subject, floor.version + count"
    " FROM floor, unnest(CAST(:subjects AS text[]), CAST(:counts AS bigint[])) AS said (subject, count)"
    " ORDER BY subject ON CONFLICT (subject)"
    " DO UPDATE SET version = outbox_subject.version + excluded.version - (SELECT version FROM floor)"
    " RETURNING subject, version"
)

_COUNT_PART = (
    update(outbox_part)
    .where(outbox_part.c.part == bindparam("of"))
    .values(last_sequence=outbox_part.c.last_sequence + bindparam("count"))
    .returning(outbox_part.c.timeline, outbox_part.c.last_sequence)
)


def write(session: Session, service: str, said: Sequence[Said]) -> Sequence[Reached]:
    """Number and keep what was said, and tell how far that went; must be the last statements of the transaction."""
    if not said:
        return ()
    versions = _reserve_versions(session, said)
    numbers = _reserve_numbers(session, said)
    rows = []
    for one in said:
        subject, part = one.event.subject, one.event.partition
        versions[subject] += 1
        timeline, numbers[part] = numbers[part][0], (numbers[part][0], numbers[part][1] + 1)
        rows.append(_row(service, one, timeline, numbers[part][1], versions[subject]))
    insert_rows(session, outbox, rows)
    return [Reached(timeline, part, sequence) for part, (timeline, sequence) in sorted(numbers.items())]


def _reserve_versions(session: Session, said: Sequence[Said]) -> dict[str, int]:
    counts = Counter(one.event.subject for one in said)
    subjects = sorted(counts)
    reserved = session.execute(
        _COUNT_SUBJECTS, {"subjects": subjects, "counts": [counts[subject] for subject in subjects]}
    )
    return {subject: version - counts[subject] for subject, version in reserved}


def _reserve_numbers(session: Session, said: Sequence[Said]) -> dict[int, tuple[UUID, int]]:
    counts = Counter(one.event.partition for one in said)
    reserved: dict[int, tuple[UUID, int]] = {}
    for part in sorted(counts):
        row = session.connection().execute(_COUNT_PART, {"of": part, "count": counts[part]}).one()
        reserved[part] = (row.timeline, row.last_sequence - counts[part])
    return reserved


def _row(service: str, said: Said, timeline: UUID, sequence: int, subject_version: int) -> dict[str, Any]:
    event = said.event
    envelope = Envelope(
        id=said.id,
        source=f"/{service}",
        type=event.name,
        subject=event.subject,
        time=said.time,
        partition=event.partition,
        sequence=sequence,
        timeline=timeline,
        district=event.district_id,
        school=event.school,
        actor=said.actor,
        subject_version=subject_version,
        causation_id=said.causation_id,
        correlation_id=said.correlation_id,
        traceparent=None,
        data=data_of(event),
    )
    return {
        "event_id": envelope.id,
        "timeline": timeline,
        "part": envelope.partition,
        "sequence": sequence,
        "type": envelope.type,
        "subject": envelope.subject,
        "body": encode(envelope),
    }


# Reading: the relay's side, and what other services pull


def unsent(connection: Connection, parts: Sequence[int], limit: int) -> list[Outgoing]:
    """The oldest unsent rows of the partitions, each partition in order.

    Ids follow numbers within a partition: a row takes its id while its transaction holds the partition's counter, one
    row after another. They order timelines as well, which numbers do not.
    """
    found = connection.execute(
        select(outbox.c.id, outbox.c.event_id, outbox.c.part, outbox.c.type, outbox.c.body)
        .where(outbox.c.part.in_(parts), outbox.c.sent_at.is_(None))
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [Outgoing(*row) for row in found]


def mark_sent(connection: Connection, rows: Sequence[Outgoing], delivered: frozenset[int]) -> int:
    """Mark, in each partition, the unbroken run of delivered rows from its start; returns how many."""
    by_part: dict[int, list[Outgoing]] = defaultdict(list)
    for row in rows:
        by_part[row.part].append(row)
    prefix = [row.id for run in by_part.values() for row in _leading(run, delivered)]
    if prefix:
        connection.execute(_MARK, {"sent": prefix})
    return len(prefix)


# One array, since a list of hundreds of parameters takes longer to read than to carry out.
_MARK = (
    update(outbox)
    .where(outbox.c.id == any_(bindparam("sent", type_=ARRAY(BigInteger))), outbox.c.sent_at.is_(None))
    .values(sent_at=text("now()"))
)


def _leading(run: Sequence[Outgoing], delivered: frozenset[int]) -> Sequence[Outgoing]:
    for index, row in enumerate(run):
        if row.id not in delivered:
            return run[:index]
    return run


def after(session: Session, timeline: UUID, part: int, sequence: int, limit: int) -> list[str]:
    """Frozen bodies of one partition above `sequence`, in order: what catch-up serves."""
    bodies = session.scalars(
        select(outbox.c.body)
        .where(outbox.c.timeline == timeline, outbox.c.part == part, outbox.c.sequence > sequence)
        .order_by(outbox.c.sequence)
        .limit(limit)
    )
    return [body.decode() for body in bodies]


def watermark(session: Session) -> dict[str, Any]:
    """The current timeline, and the last number of each partition: nothing committed before this read is above it."""
    rows = session.execute(select(outbox_part).order_by(outbox_part.c.part)).all()
    return {"timeline": str(rows[0].timeline), "upto": [row.last_sequence for row in rows]}


def floor(session: Session) -> int:
    """Where the versions of this timeline begin, above all of an earlier one; the subject without a name keeps it."""
    return session.scalar(select(outbox_subject.c.version).where(outbox_subject.c.subject == "")) or 0


def start_timeline(session: Session) -> UUID:
    """Number afresh, after this database was restored from an older copy (messaging.md §0, architecture.md §4).

    Positions begin at 1 again, for listeners keep them by timeline. Versions of subjects do not: listeners compare
    them, and would ignore whatever is said anew of a subject until it overtook what only they remember. So every
    version, of subjects unknown to the copy too, goes on from a floor above all that the lost history can have used.
    """
    session.execute(text("INSERT INTO outbox_subject VALUES ('', 0) ON CONFLICT DO NOTHING"))
    raised = "UPDATE outbox_subject SET version = (SELECT max(version) FROM outbox_subject) + :more"
    session.execute(text(raised), {"more": RESTORED})
    timeline = new_id()
    for part in range(PARTITIONS):
        session.execute(
            update(outbox_part).where(outbox_part.c.part == part).values(timeline=timeline, last_sequence=0)
        )
    return timeline

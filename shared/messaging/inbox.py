"""The inbox: each event takes effect once, in its partition's order, in one transaction with its receipt.

`receive` takes frozen bytes from any transport. A number already applied is a duplicate and skipped; a number too high
is a gap, and what is missing is pulled from the publisher before going on. A handler that fails parks its event, and
later events of the same subject wait behind it while others flow; `retry_due` tries again, with back-off, until the
event is dead and an operator decides. Whoever reads a projection treats a parked subject as unknown (messaging.md §4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from shared.caller import service_itself
from shared.crash import crash_point
from shared.database import Database, insert_rows
from shared.events import Envelope, Undecodable, decode
from shared.messaging.work import Work, open_work
from shared.peers import PeerAway, Peers
from shared.refusals import Refused
from shared.service import Service
from shared.tables import inbox, inbox_position

log = structlog.get_logger()

PAGE = 500
WAITING = ("parked", "dead")

Stream = tuple[str, UUID, int]
"""(source, timeline, partition): what a sequence counts."""


@dataclass(frozen=True)
class Gap:
    """Numbers above `after` are missing in `stream`."""

    stream: Stream
    after: int


class GapOpen(Exception):
    """A gap that the publisher could not fill now; nothing was lost, receive the same events again later."""


class Inbox:
    """One service's door for events."""

    def __init__(
        self, service: Service, database: Database, peers: Peers, retry_seconds: Sequence[float] = (1, 5, 30)
    ) -> None:
        self.service = service
        self.database = database
        self._peers = peers
        self._retry_seconds = retry_seconds

    # Receiving

    def receive(self, bodies: Sequence[bytes]) -> list[bool]:
        """Apply the events in order; False marks bytes that are no event. Raises GapOpen, OperationalError."""
        envelopes = [_decoded(body) for body in bodies]
        waiting = [envelope for envelope in envelopes if envelope is not None]
        while gap := self._apply(waiting):
            self.catch_up(gap.stream, gap.after)
        return [envelope is not None for envelope in envelopes]

    def catch_up(self, stream: Stream, after: int) -> int:
        """Pull and apply what the publisher has above `after`; returns how many. Raises GapOpen."""
        source, timeline, part = stream
        pulled = 0
        while True:
            params = {"timeline": str(timeline), "part": part, "after": after + pulled, "limit": PAGE}
            try:
                page = self._peers.get(source.strip("/"), "/events", params)["items"]
            except PeerAway as fault:
                raise GapOpen(str(fault)) from fault
            if not page and not pulled:
                raise GapOpen(f"{source} {timeline} p{part:02d}: nothing above {after}")
            missing = [decode(body.encode()) for body in page]
            if self._apply(missing):
                raise GapOpen(f"{source} {timeline} p{part:02d}: its log has a hole above {after + pulled}")
            pulled += len(page)
            if len(page) < PAGE:
                log.info("caught_up", service=self.service.name, source=source, part=part, events=pulled)
                return pulled

    def position(self, stream: Stream) -> int:
        """The last applied number of a stream; a stream never heard of is begun."""
        with self.database.session() as session:
            number = _lock_positions(session, {stream})[stream]
            session.commit()
        return number

    def _apply(self, envelopes: Sequence[Envelope]) -> Gap | None:
        """All in one transaction; when a handler fails, one transaction each, so that only the failing one waits."""
        if not envelopes:
            return None
        try:
            return self._apply_together(envelopes)
        except OperationalError:
            raise
        except Exception as fault:  # noqa: BLE001  # found again below, alone, and parked there
            log.warning("batch_failed", service=self.service.name, events=len(envelopes), fault=type(fault).__name__)
        for envelope in envelopes:
            if gap := self._apply_alone(envelope):
                return gap
        return None

    def _apply_together(self, envelopes: Sequence[Envelope]) -> Gap | None:
        with open_work(self.database, service_itself(self.service.name, envelopes[0].district)) as work:
            positions = _lock_positions(work.session, {_stream(envelope) for envelope in envelopes})
            fresh, gap = _in_order(envelopes, positions)
            behind = _waiting_subjects(work.session, fresh)
            held = [(envelope.source, envelope.subject) in behind for envelope in fresh]
            heard = [envelope for envelope, waits in zip(fresh, held, strict=True) if not waits]
            for _, run in groupby(heard, key=lambda envelope: (envelope.type, envelope.district)):
                self._handle(work, list(run))
            receipts = [_receipt(one, "parked" if waits else "done") for one, waits in zip(fresh, held, strict=True)]
            _keep(work.session, receipts, positions)
            crash_point("inbox_before_commit")
        crash_point("inbox_after_commit")
        return gap

    def _apply_alone(self, envelope: Envelope) -> Gap | None:
        with open_work(self.database, service_itself(self.service.name, envelope.district)) as work:
            positions = _lock_positions(work.session, {_stream(envelope)})
            fresh, gap = _in_order([envelope], positions)
            if not fresh:
                return gap
            if _waiting_subjects(work.session, fresh):
                receipt = _receipt(envelope, "parked")
            else:
                receipt = self._attempt(work, envelope, attempts=0)
            _keep(work.session, [receipt], positions)
        return None

    def _handle(self, work: Work, run: Sequence[Envelope]) -> None:
        """React to events of one type and district that came in a row."""
        reactions = self.service.reactions_to(run[0].type)
        if not reactions:
            return
        if run[0].district not in work.caller.district_ids:
            work.act_as(service_itself(self.service.name, run[0].district))
        events = [envelope.event() for envelope in run]
        for reaction in reactions:
            if reaction.together:
                work.hear(run[-1])
                reaction.handle(work, events)
                continue
            for envelope, event in zip(run, events, strict=True):
                work.hear(envelope)
                reaction.handle(work, event)

    def _attempt(self, work: Work, envelope: Envelope, attempts: int) -> dict[str, Any]:
        """The receipt of trying once: done, refused by a rule (an outcome, not a fault), or parked with back-off."""
        said_before = work.mark()
        try:
            with work.session.begin_nested():
                self._handle(work, [envelope])
                work.session.flush()
        except Refused as refusal:
            work.take_back(said_before)
            log.info("event_refused", service=self.service.name, type=envelope.type, refusal=str(refusal))
            return _receipt(envelope, "refused", error=str(refusal))
        except OperationalError:
            raise
        except Exception as fault:  # noqa: BLE001  # whatever a poisoned event does, it waits alone and is shown to an operator
            work.take_back(said_before)
            return self._parked(work, envelope, attempts + 1, fault)
        return _receipt(envelope, "done")

    def _parked(self, work: Work, envelope: Envelope, attempts: int, fault: Exception) -> dict[str, Any]:
        """Tried again by the clock of the database, which is the one that `retry_due` asks."""
        exhausted = attempts > len(self._retry_seconds)
        delay = timedelta(seconds=0 if exhausted else self._retry_seconds[attempts - 1])
        now: datetime = work.session.scalars(select(func.now())).one()
        log.error(
            "event_parked", service=self.service.name, type=envelope.type, attempts=attempts, fault=repr(fault)[:300]
        )
        return _receipt(
            envelope,
            "dead" if exhausted else "parked",
            attempts=attempts,
            next_attempt_at=None if exhausted else now + delay,
            error=type(fault).__name__,
        )

    # Parked events

    def retry_due(self) -> int:
        """Try the first waiting event of each subject that is due, and all behind it; returns how many took effect."""
        applied = 0
        with self.database.session() as session:
            due = session.execute(_due_heads()).all()
        for source, subject in due:
            while self._retry_head(source, subject):
                applied += 1
        return applied

    def _retry_head(self, source: str, subject: str) -> bool:
        """Try the first waiting event of a subject once; True when it took effect and the next one may be tried."""
        with self.database.session() as session:
            head = session.execute(_head(source, subject)).one_or_none()
        if head is None or head.status == "dead":
            return False
        envelope = decode(head.body)
        with open_work(self.database, service_itself(self.service.name, envelope.district)) as work:
            locked = work.session.execute(_head(source, subject).with_for_update()).one_or_none()
            if locked is None or locked.event_id != head.event_id:
                return False
            receipt = self._attempt(work, envelope, locked.attempts)
            work.session.execute(
                update(inbox).where(inbox.c.source == source, inbox.c.event_id == head.event_id).values(**receipt)
            )
        return receipt["status"] not in WAITING


def release(session: Session, event_ids: Iterable[UUID]) -> int:
    """Give dead or parked events all their attempts again, now; returns how many. An operator's act."""
    changed = session.execute(
        update(inbox)
        .where(inbox.c.event_id.in_(list(event_ids)), inbox.c.status.in_(WAITING))
        .values(status="parked", attempts=0, next_attempt_at=func.now())
        .returning(inbox.c.event_id)
    )
    return len(changed.all())


def subject_waits(source: str, subject: Any) -> Any:
    """SQL: whether an event of `subject` from `source` is parked or dead, so that its projection cannot be trusted."""
    return (
        select(literal(1))
        .where(inbox.c.source == source, inbox.c.subject == subject, inbox.c.status.in_(WAITING))
        .exists()
    )


def _decoded(body: bytes) -> Envelope | None:
    try:
        return decode(body)
    except Undecodable as fault:
        log.error("undecodable", fault=str(fault)[:200])
        return None


def _stream(envelope: Envelope) -> Stream:
    return (f"{envelope.source}", envelope.timeline, envelope.partition)


def _lock_positions(session: Session, streams: set[Stream]) -> dict[Stream, int]:
    """The last applied number of each stream, locked in order; a stream never heard of starts at zero."""
    positions = _select_positions(session, streams)
    if unheard := sorted(streams - positions.keys()):
        rows = [
            {"source": source, "timeline": timeline, "part": part, "sequence": 0} for source, timeline, part in unheard
        ]
        session.execute(upsert(inbox_position).values(rows).on_conflict_do_nothing())
        positions = _select_positions(session, streams)
    return positions


def _select_positions(session: Session, streams: set[Stream]) -> dict[Stream, int]:
    columns = inbox_position.c
    rows = session.execute(
        select(columns.source, columns.timeline, columns.part, columns.sequence)
        .where(tuple_(columns.source, columns.timeline, columns.part).in_(sorted(streams)))
        .order_by(columns.source, columns.timeline, columns.part)
        .with_for_update()
    )
    return {(row.source, row.timeline, row.part): row.sequence for row in rows}


def _in_order(envelopes: Sequence[Envelope], positions: dict[Stream, int]) -> tuple[list[Envelope], Gap | None]:
    """What is next in its stream, advancing `positions`; and the first gap, beyond which its stream is not read."""
    fresh: list[Envelope] = []
    gap: Gap | None = None
    for envelope in envelopes:
        stream = _stream(envelope)
        if envelope.sequence == positions[stream] + 1:
            positions[stream] = envelope.sequence
            fresh.append(envelope)
        elif envelope.sequence > positions[stream] + 1:
            gap = gap or Gap(stream, positions[stream])
    return fresh, gap


def _waiting_subjects(session: Session, envelopes: Sequence[Envelope]) -> set[tuple[str, str]]:
    subjects = {envelope.subject for envelope in envelopes}
    found = session.connection().exec_driver_sql(_WAITING, {"subjects": list(subjects)})
    return {(row.source, row.subject) for row in found}


_WAITING = (
    "SELECT DISTINCT source, subject FROM inbox WHERE subject = ANY(%(subjects)s) AND status IN ('parked', 'dead')"
)


def _receipt(envelope: Envelope, status: str, **more: Any) -> dict[str, Any]:
    return {
        "source": envelope.source,
        "event_id": envelope.id,
        "timeline": envelope.timeline,
        "part": envelope.partition,
        "sequence": envelope.sequence,
        "type": envelope.type,
        "subject": envelope.subject,
        "status": status,
        "body": envelope.body if status in WAITING else None,
        "attempts": 0,
        "next_attempt_at": None,
        "error": None,
    } | more


def _keep(session: Session, receipts: list[dict[str, Any]], positions: dict[Stream, int]) -> None:
    if not receipts:
        return
    session.flush()
    insert_rows(session, inbox, receipts)
    session.connection().execute(
        _MOVE,
        [
            {"s": source, "t": timeline, "p": part, "n": number}
            for (source, timeline, part), number in positions.items()
        ],
    )


_MOVE = (
    update(inbox_position)
    .where(
        inbox_position.c.source == bindparam("s"),
        inbox_position.c.timeline == bindparam("t"),
        inbox_position.c.part == bindparam("p"),
    )
    .values(sequence=bindparam("n"))
)


def _due_heads() -> Any:
    return (
        select(inbox.c.source, inbox.c.subject)
        .where(inbox.c.status == "parked", inbox.c.next_attempt_at <= func.now())
        .distinct()
    )


def _head(source: str, subject: str) -> Any:
    return (
        select(inbox.c.event_id, inbox.c.status, inbox.c.body, inbox.c.attempts)
        .where(inbox.c.source == source, inbox.c.subject == subject, inbox.c.status.in_(WAITING))
        .order_by(inbox.c.sequence)
        .limit(1)
    )

"""The unit of work: rows changed, events said and event heard, in one transaction that a door opens and commits.

A door calls `transact`, which hands a `Work` down to a command. Commands never commit, so commands compose.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, TypeVar
from uuid import UUID

from psycopg import errors as pg
from sqlalchemy import Select, bindparam, inspect, select, update
from sqlalchemy import event as orm_event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql.base import ExecutableOption

from shared.caller import Caller, service_itself
from shared.clock import business_now, local_date
from shared.database import Database, enter
from shared.events import Envelope, Event
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.outbox import Reached
from shared.refusals import LostRace, NotFound
from shared.signing import Signer
from shared.tables import Row, SchoolRow

T = TypeVar("T")
RowT = TypeVar("RowT", bound=Row)

TRIES = 3
KEPT = 256
"""Statements and walls that are kept: a statement that is built anew is also examined anew, which costs the most."""


class Work:
    """One transaction on behalf of one caller. `now` and `today` are business time, the same for the whole work."""

    def __init__(self, session: Session, database: Database, caller: Caller) -> None:
        self.session = session
        self.service = database.service
        self.keyring = database.keyring
        self._database = database
        self._said: list[outbox.Said] = []
        self._heard: Envelope | None = None
        self._correlation = new_id()
        self.expected_version: int | None = None
        self.said_upto: Sequence[Reached] = ()
        """Once closed: the last number that it gave in each partition."""
        self.act_as(caller)

    def act_as(self, caller: Caller) -> None:
        """Raise the walls of `caller`, in the database and in every query from here on."""
        self.session.flush()
        self.caller = caller
        self.now: datetime = business_now(enter(self.session, caller))
        self.today: date = local_date(self.now)
        self.session.info["caller"] = caller

    def hear(self, envelope: Envelope) -> None:
        """What is said from here on was caused by `envelope`."""
        self._heard = envelope

    @property
    def signer(self) -> Signer:
        """Who signs what machines check without a network."""
        return self._database.signer

    @property
    def heard_version(self) -> int:
        """The subject version of the event being handled: a projection keeps it to ignore what it has overtaken."""
        if self._heard is None:
            raise RuntimeError("no event is being handled")
        return self._heard.subject_version

    def next_number(self, number: int) -> int:
        """What follows `number` in a count that events tell and listeners compare: above whatever was told before this
        database was restored from an older copy.
        """
        return max(number, outbox.floor(self.session)) + 1

    def emit(self, said: Event, *, unnamed: bool = False) -> UUID:
        """Say an event; it is written when the transaction ends, and lives or dies with it. Returns its id.

        `unnamed`: the service says it on its own account, because nobody may learn who made it happen.
        """
        heard, event_id = self._heard, new_id()
        self._said.append(
            outbox.Said(
                id=event_id,
                event=said,
                actor=service_itself(self.service, said.district_id).subject if unnamed else self.caller.subject,
                causation_id=heard.id if heard else None,
                correlation_id=heard.correlation_id if heard else self._correlation,
                time=self.now,
            )
        )
        return event_id

    def mark(self) -> int:
        """How much was said so far; for `take_back`."""
        return len(self._said)

    def take_back(self, mark: int) -> None:
        """Forget what was said since `mark`, when the part of the work that said it was rolled back."""
        del self._said[mark:]

    def get(self, row_type: type[RowT], row_id: UUID, *, lock: bool = False) -> RowT:
        """The row, inside the caller's walls; raises NotFound. `lock` takes it FOR UPDATE, newest state.

        The first row that a request locks is the one its If-Match speaks of; raises LostRace when it has moved on.
        """
        query = _by_id(row_type)  # type: ignore[arg-type]  # mypy doubts that a class can be hashed
        row: RowT = self.one(query, {"row_id": row_id}, lock=lock, thing=row_type.__name__)
        if lock and self.expected_version is not None:
            if row.version != self.expected_version:
                raise LostRace
            self.expected_version = None
        return row

    def one(
        self, query: Select[RowT], parameters: Mapping[str, Any] | None = None, *, lock: bool = False, thing: str
    ) -> RowT:
        """The only row of `query`; raises NotFound(thing)."""
        if lock:
            query = _locking(query)
        row = self.session.scalars(query, parameters).one_or_none()
        if row is None:
            raise NotFound(thing)
        return row

    def add(self, row: RowT) -> RowT:
        """Keep a new row; defaults such as its id are set at once."""
        if getattr(row, "id", None) is None:
            row.id = new_id()
        self.session.add(row)
        return row

    def close(self) -> bool:
        """Write what was said as the last statements of the transaction and commit; tells whether anything was."""
        self.session.flush()
        said, self._said = self._said, []
        self.said_upto = outbox.write(self.session, self.service, said)
        self.session.commit()
        return bool(said)


@contextmanager
def open_work(database: Database, caller: Caller) -> Iterator[Work]:
    """A unit of work that commits when its block ends well and leaves no trace otherwise."""
    with database.session() as session:
        work = Work(session, database, caller)
        yield work
        if work.close():
            database.wake.set()


def transact(database: Database, caller: Caller, action: Callable[[Work], T]) -> T:
    """Run `action` in a unit of work, again when the database found a deadlock or a lost serialization (3 times)."""
    for attempt in range(1, TRIES):
        try:
            with open_work(database, caller) as work:
                return action(work)
        except DBAPIError as fault:
            if not isinstance(fault.orig, pg.SerializationFailure | pg.DeadlockDetected):
                raise
            threading.Event().wait(0.01 * attempt)
    with open_work(database, caller) as work:
        return action(work)


@cache  # building a query costs more than sending it
def _by_id(row_type: Any) -> Any:
    return select(row_type).where(row_type.id == bindparam("row_id"))


@lru_cache(maxsize=KEPT)
def _locking(query: Any) -> Any:
    return query.with_for_update().execution_options(populate_existing=True)


@orm_event.listens_for(Session, "before_flush")
def _update_together(session: Session, _context: object, _instances: object) -> None:
    """Many changed rows go in one round trip; SQLAlchemy takes one for each row that has a version."""
    alike: dict[tuple[type[Row], tuple[str, ...]], list[Row]] = defaultdict(list)
    for row in session.dirty:
        changed = tuple(attribute.key for attribute in inspect(row).attrs if attribute.history.has_changes())
        if changed and isinstance(row, Row):
            alike[type(row), changed].append(row)
    for (row_type, changed), rows in alike.items():
        if len(rows) > 1:
            _update(session, inspect(row_type).local_table, changed, sorted(rows, key=lambda row: row.id))


def _update(session: Session, table: Any, changed: Sequence[str], rows: Sequence[Row]) -> None:
    new = [{name: getattr(row, name) for name in changed} | {"version": row.version + 1} for row in rows]
    statement = update(table).where(table.c.id == bindparam("of_id"), table.c.version == bindparam("from_version"))
    keys = [{"of_id": row.id, "from_version": row.version} for row in rows]
    done = session.connection().execute(statement, [key | values for key, values in zip(keys, new, strict=True)])
    if done.rowcount != len(rows):
        raise StaleDataError(f"{done.rowcount} of {len(rows)} rows of {table.name} were as they had been read")
    for row, values in zip(rows, new, strict=True):
        for name, value in values.items():
            set_committed_value(row, name, value)


@orm_event.listens_for(Session, "do_orm_execute")
def _within_walls(state: ORMExecuteState) -> None:
    """The first tenant wall: every query for rows is narrowed to the caller's districts and schools."""
    caller: Caller | None = state.session.info.get("caller")
    if caller is None or not state.is_select or not state.is_orm_statement:
        return
    if state.is_column_load or state.is_relationship_load:
        return
    state.statement = _walled(state.statement, caller.district_ids, caller.school_ids)


@lru_cache(maxsize=KEPT)
def _walled(statement: Any, district_ids: frozenset[UUID], school_ids: frozenset[UUID] | None) -> Any:
    return statement.options(*_walls(district_ids, school_ids))


@lru_cache(maxsize=KEPT)  # examining the lambdas costs as much as compiling a query; the same ids make the same walls
def _walls(district_ids: frozenset[UUID], school_ids: frozenset[UUID] | None) -> tuple[ExecutableOption, ...]:
    districts = list(district_ids)
    by_district = with_loader_criteria(Row, lambda row: row.district_id.in_(districts), include_aliases=True)
    if school_ids is None:
        return (by_district,)
    schools = list(school_ids)
    by_school = with_loader_criteria(SchoolRow, lambda row: row.school_id.in_(schools), include_aliases=True)
    return by_district, by_school

"""One PostgreSQL database per service, reached in one of three roles.

`owner` migrates, `app` serves the web, `worker` runs relay, consumer and clock. Row-level security binds the last two:
`enter` names the districts and schools of the caller for the transaction, and the policies read them (`shared.walls`).
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Engine, Table, bindparam, create_engine, event, func, insert, select
from sqlalchemy.orm import Session

from shared.caller import Caller
from shared.personal_data import Keyring
from shared.signing import Signer

ROLES = ("owner", "app", "worker")


class Database:
    """A service's database in one role, the keys of what is sealed in it, and who signs what it says to machines.

    `wake` is set after each commit that said an event. A transaction that does nothing for `idle_seconds` is ended by
    the database: a process that froze inside one would hold its locks, and so stop its successor, for as long as it
    is frozen.
    """

    def __init__(
        self,
        service: str,
        url: str,
        keyring: Keyring | None,
        *,
        signer: Signer | None = None,
        pool_size: int = 10,
        idle_seconds: float = 15.0,
    ) -> None:
        self.service = service
        self._keyring = keyring
        self._signer = signer
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=20,
            hide_parameters=True,
            connect_args={
                "connect_timeout": 5,
                "options": f"-c idle_in_transaction_session_timeout={int(idle_seconds * 1000)}",
            },
        )
        event.listen(self.engine, "do_executemany", _execute_many)
        self.wake = threading.Event()

    @property
    def keyring(self) -> Keyring:
        """The keys; raises LookupError in a process that was given none, because it opens and seals nothing."""
        if self._keyring is None:
            raise LookupError(f"{self.service}: this process has no keys")
        return self._keyring

    @property
    def signer(self) -> Signer:
        """Who signs; raises LookupError in a process that was given no key."""
        if self._signer is None:
            raise LookupError(f"{self.service}: this process has no signing key")
        return self._signer

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that commits nothing by itself; rolled back unless the caller committed."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _execute_many(cursor: Any, statement: str, parameters: Any, _context: Any) -> bool:
    """Take psycopg's pipeline, and then one more step, an empty one.

    psycopg ends a pipeline with a Flush after its Sync, and on a Flush PostgreSQL stops counting how long the
    transaction has been idle: a process that froze here would not be cut off.
    """
    cursor.executemany(statement, parameters)
    cursor.connection.execute("")
    return True


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the same columns, as one statement with an array for each column."""
    names = tuple(rows[0])
    session.connection().execute(_inserting(table, names), {name: [row[name] for row in rows] for name in names})


@cache
def _inserting(table: Table, names: tuple[str, ...]) -> Any:
    arrays = [bindparam(name, type_=ARRAY(table.c[name].type)) for name in names]
    return insert(table).from_select(names, select(*map(func.unnest, arrays)))


# The fixed statements of the spine go to the driver as they are: compiling one takes longer than carrying it out.
_ENTER = (
    "SELECT set_config('kehou.districts', %(districts)s, true), set_config('kehou.schools', %(schools)s, true),"
    " (SELECT shift FROM business_clock)"
)


def enter(session: Session, caller: Caller) -> timedelta:
    """Raise the caller's walls for the rest of the transaction; returns the shift of business time."""
    districts = "{" + ",".join(map(str, sorted(caller.district_ids))) + "}"
    schools = "*" if caller.school_ids is None else "{" + ",".join(map(str, sorted(caller.school_ids))) + "}"
    entered = session.connection().exec_driver_sql(_ENTER, {"districts": districts, "schools": schools}).one()
    return entered[2] if entered[2] is not None else timedelta()

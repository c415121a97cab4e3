"""Key rotation: every sealed value of a service brought under the current key, while the service runs.

Sealed columns are those declared `Sealed` (shared.tables); the row's id and the column's name without `_sealed` open
them. It runs as the owner of the tables, whom row-level security lets see every district: a district that was
overlooked would be unreadable once the old key is gone (docs/decisions/06-key-rotation.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Engine, MetaData, func, select, update

from shared.personal_data import CannotOpen, Keyring

CHUNK = 500


@dataclass(frozen=True)
class Resealed:
    """What became of a chunk: values now under the current key, and those that no key here opens."""

    column: str
    done: int
    unopened: int


def sealed_columns(tables: MetaData) -> list[Column[Any]]:
    """Every column that holds sealed values."""
    return [column for table in tables.sorted_tables for column in table.c if column.info.get("sealed")]


def count_by_key(connection: Connection, tables: MetaData) -> list[tuple[str, str, int]]:
    """(column, key id, values): how many values of each column are under which key."""
    counted = []
    for column in sealed_columns(tables):
        key_id = func.substring(column, 2, func.get_byte(column, 0))
        query = select(key_id, func.count()).where(column.is_not(None)).group_by(key_id).order_by(key_id)
        counted += [(str(column), key.decode("ascii", "replace"), count) for key, count in connection.execute(query)]
    return counted


def reseal(engine: Engine, keyring: Keyring, tables: MetaData) -> Iterator[Resealed]:
    """Reseal what is under another key, a chunk of one column at a time, each its own transaction.

    A row that somebody is changing is passed over, so nobody waits for long and no change is overwritten; what is left
    is found by `count_by_key` and by the next run.
    """
    for column in sealed_columns(tables):
        last = UUID(int=0)
        while True:
            with engine.begin() as connection:
                rows = connection.execute(_next(column, keyring, last)).all()
                done = sum(_reseal(connection, keyring, column, *row) for row in rows)
            if not rows:
                break
            yield Resealed(str(column), done, len(rows) - done)
            last = rows[-1][0]


def _next(column: Column[Any], keyring: Keyring, last: UUID) -> Any:
    row_id = column.table.c.id
    return (
        select(row_id, column)
        .where(row_id > last, func.substring(column, 1, len(keyring.mark)) != keyring.mark)
        .order_by(row_id)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
    )


def _reseal(connection: Connection, keyring: Keyring, column: Column[Any], row_id: UUID, sealed: bytes) -> bool:
    """Whether it is now under the current key. The row's version stays: what it says has not changed."""
    try:
        fresh = keyring.reseal(row_id, column.name.removesuffix("_sealed"), sealed)
    except CannotOpen:
        return False
    connection.execute(update(column.table).where(column.table.c.id == row_id).values({column: fresh}))
    return True

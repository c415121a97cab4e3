"""The baseline of a request: Flask and psycopg alone, sending the very statements that the product sends.

One real request is recorded as SQLAlchemy hands it to psycopg, with its reply. The baseline runs the same statements in
one transaction for other requests of the same kind: it parses the body, makes fresh ids, takes the number that the
outbox gives, fills in the values, fetches every row and replies. It verifies no token and validates nothing.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask, Response, request
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, event

from shared.ids import new_id

KEY = "Idempotency-Key"
_MADE = ("id", "event_id")

Values = dict[Any, Any]
"""A value of the recorded request to that of the request at hand; ids stand in it as such and as text."""
Filling = Callable[[Values], Any]


@dataclass(frozen=True)
class Statement:
    """SQL as psycopg gets it, with the parameters of the recorded request: a sequence of rows is an executemany."""

    sql: str
    parameters: Any

    @property
    def is_many(self) -> bool:
        """Whether there are several rows of parameters."""
        return not isinstance(self.parameters, Mapping)

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The parameters, row by row."""
        return self.parameters if self.is_many else [self.parameters]


@contextmanager
def recording(engine: Engine) -> Iterator[list[Statement]]:
    """Keeps every statement that the engine sends meanwhile."""
    kept: list[Statement] = []

    def keep(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        kept.append(Statement(sql, parameters))

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield kept
    finally:
        event.remove(engine, "before_cursor_execute", keep)


def stand_in(old: Collection[UUID], new: Collection[UUID]) -> Values:
    """New ids in the places of old ones, as such and as text."""
    pairs = list(zip(old, new, strict=True))
    return dict(pairs) | {str(one): str(other) for one, other in pairs}


class Recorded:
    """What the product did for a request, with gaps for what differs in another of its kind: `varying`, and new ids."""

    def __init__(
        self, statements: Sequence[Statement], status: int, reply: bytes, key: str, varying: Collection[UUID]
    ) -> None:
        inserted = [row for one in statements if one.sql.startswith("INSERT") for row in _inserted(one)]
        self.made = [row[name] for row in inserted for name in _MADE if name in row]
        self.number = next((f"{row['sequence']:020d}" for row in inserted if "sequence" in row), "")
        gaps = [key, *map(str, (*varying, *self.made)), *filter(None, [self.number])]
        self._gap = re.compile(f"({'|'.join(map(re.escape, gaps))})")
        self.steps = [(one.sql, one.is_many, [self._row(row) for row in one.rows]) for one in statements]
        self.status, self.key, self.reply = status, key, self._text(reply.decode())

    def _row(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, Filling]]]:
        """What a row of parameters always holds, and how to make the rest."""
        fillings = {name: self._filling(name, value) for name, value in row.items()}
        always = {name: value for name, value in row.items() if fillings[name] is None}
        return always, [(name, filling) for name, filling in fillings.items() if filling]

    def _filling(self, name: str, value: Any) -> Filling | None:
        if name in ("print", "sequence"):
            return lambda values: values[name]
        if isinstance(value, psycopg.Binary):
            body = self._text(value.obj.decode())
            return lambda values: body(values).encode()
        if isinstance(value, Jsonb):
            return self._text(json.dumps(value.obj))
        if isinstance(value, list):
            each = [self._filling(name, one) or (lambda _, one=one: one) for one in value]
            return lambda values: [filling(values) for filling in each]
        if isinstance(value, UUID):
            return (lambda values: values[value]) if self._gap.fullmatch(str(value)) else None
        return self._text(value) if isinstance(value, str) and self._gap.search(value) else None

    def _text(self, text: str) -> Filling:
        parts = self._gap.split(text)
        return lambda values: "".join([str(values.get(part, part)) for part in parts])


def _inserted(statement: Statement) -> Sequence[Mapping[str, Any]]:
    """The rows of an INSERT, which may come as one array for each column (see shared.database.insert_rows)."""
    first = statement.rows[0]
    if not all(isinstance(value, list) for value in first.values()):
        return statement.rows
    return [dict(zip(first, row, strict=True)) for row in zip(*first.values(), strict=True)]


class Baseline:
    """One hand-made service; `app` is its WSGI application."""

    def __init__(self, conninfo: str) -> None:
        self._connection = psycopg.connect(conninfo)
        self._known: dict[str, tuple[Recorded, Values]] = {}
        self.app = Flask("baseline")
        self.app.add_url_rule("/<path:path>", view_func=self._answer, methods=["POST"])

    def know(self, path: str, recorded: Recorded, values: Values) -> None:
        """POST `path` is what was recorded, with other values."""
        self._known[path] = recorded, values

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _answer(self, path: str) -> Response:
        request.get_json()
        recorded, values = self._known[f"/{path}"]
        values = values | stand_in(recorded.made, [new_id() for _ in recorded.made])
        values[recorded.key] = request.headers[KEY]
        values["print"] = hashlib.sha256(f"POST\n/{path}\n".encode() + request.get_data()).digest()
        for sql, is_many, rows in recorded.steps:
            found = self._run(sql, is_many, [{**always, **{n: f(values) for n, f in rest}} for always, rest in rows])
            if sql.startswith("UPDATE outbox_part"):
                values["sequence"] = [found[0][1]]
                values[recorded.number] = f"{found[0][1]:020d}"
        self._connection.commit()
        return Response(recorded.reply(values), status=recorded.status, content_type="application/json")

    def _run(self, sql: str, is_many: bool, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        with self._connection.cursor() as cursor:
            if is_many:
                cursor.executemany(sql, rows)
            else:
                cursor.execute(sql, rows[0])
            return cursor.fetchall() if cursor.description else []

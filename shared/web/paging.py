"""Lists: `limit`, `cursor`, `sort` and field filters, answered as `{"items": […], "next": cursor|null}`.

Keyset paging: a page starts after the last row of the one before, so rows that come and go never repeat or hide others.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, cast
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from shared.messaging.work import Work
from shared.refusals import Invalid
from shared.tables import Row

DEFAULT_LIMIT, MAX_LIMIT = 50, 200

_FIELDS: dict[type, type[ma.fields.Field[Any]]] = {
    UUID: ma.fields.UUID,
    str: ma.fields.String,
    int: ma.fields.Integer,
    bool: ma.fields.Boolean,
    date: ma.fields.Date,
    datetime: ma.fields.AwareDateTime,
    time: ma.fields.Time,
    list: ma.fields.String,
}


class Window(ma.Schema):
    """Which part of a list that is computed, not stored, and so has places instead of cursors."""

    after = ma.fields.Integer(load_default=0, validate=ma.validate.Range(min=0))
    limit = ma.fields.Integer(load_default=DEFAULT_LIMIT, validate=ma.validate.Range(1, MAX_LIMIT))


@dataclass(frozen=True)
class Listing:
    """What a list can be narrowed and ordered by; the first of `sorts` is the default order."""

    of: type[Row]
    filters: Sequence[str] = ()
    sorts: Sequence[str] = ("id",)

    def arguments(self) -> ma.Schema:
        """The query string: equality for each filter, `<field>_from` and `<field>_to` as well for dates."""
        shape: dict[str, ma.fields.Field[Any]] = {
            "limit": ma.fields.Integer(load_default=DEFAULT_LIMIT, validate=ma.validate.Range(1, MAX_LIMIT)),
            "cursor": ma.fields.String(load_default=None),
            "sort": ma.fields.String(
                load_default=self.sorts[0],
                validate=ma.validate.OneOf([sign + name for name in self.sorts for sign in ("", "-")]),
            ),
        }
        for name in self.filters:
            python_type = self._column(name).type.python_type
            shape[name] = _FIELDS[python_type]()
            if python_type in (date, datetime):
                shape[f"{name}_from"] = _FIELDS[python_type]()
                shape[f"{name}_to"] = _FIELDS[python_type]()
        return ma.Schema.from_dict(cast(Any, shape), name=f"{self.of.__name__}Filter")()

    def _column(self, name: str) -> InstrumentedAttribute[Any]:
        return cast(InstrumentedAttribute[Any], getattr(self.of, name))

    def page(self, work: Work, query: Select[Any], arguments: Mapping[str, Any]) -> tuple[list[Row], str | None]:
        """One page of `query` and the cursor of the next; raises Invalid on a cursor that is not ours."""
        for name in self.filters:
            for suffix, compare in (("", "__eq__"), ("_from", "__ge__"), ("_to", "__le__")):
                if (wanted := arguments.get(name + suffix)) is not None:
                    query = query.where(_meets(self._column(name), compare, wanted))
        limit, sort = arguments["limit"], arguments["sort"]
        column, descending = self._column(sort.removeprefix("-")), sort.startswith("-")
        keys = tuple_(column, self.of.id)
        if arguments["cursor"]:
            last = tuple_(*_opened(arguments["cursor"], (column.type.python_type, UUID)))
            query = query.where(keys < last if descending else keys > last)
        order = (column.desc(), self.of.id.desc()) if descending else (column, self.of.id)
        rows = list(work.session.scalars(query.order_by(*order).limit(limit + 1)))
        following = _sealed(getattr(rows[limit - 1], column.key), rows[limit - 1].id) if len(rows) > limit else None
        return rows[:limit], following


def _meets(column: InstrumentedAttribute[Any], compare: str, wanted: Any) -> Any:
    """SQL: whether a row is wanted; one with an array is when that holds the value."""
    return column.contains([wanted]) if column.type.python_type is list else getattr(column, compare)(wanted)


def _sealed(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(value) for value in values]).encode()).decode().rstrip("=")


def _opened(cursor: str, types: Sequence[type]) -> list[Any]:
    try:
        texts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_FIELDS[kind]().deserialize(value) for kind, value in zip(types, texts, strict=True)]
    except (ValueError, TypeError, ma.ValidationError):
        raise Invalid({"cursor": "not_a_cursor"}) from None

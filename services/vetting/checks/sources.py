"""Where results of checks come from, beside an officer's own hand.

A source gives lines; `commands.stage_results` keeps them and a job applies each, so a source knows nothing of people,
clearances or tables. The file is the one that is here: no platform of the authorities has a public interface
(教师函〔2023〕1号: the authority queries in the National Teacher Management Information System and answers). Whoever
connects one writes another `Source`.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import marshmallow as ma

from services.vetting.checks.rules import KINDS, RESULTS, Answer
from shared.clock import LAST_DAY
from shared.refusals import Invalid

COLUMNS = ("person_id", "id_number", "kind", "result", "as_of", "evidence_ref", "detail", "bars_until")
REQUIRED = frozenset({"kind", "result", "as_of", "evidence_ref"})
NAMING = frozenset({"person_id", "id_number"})


@dataclass(frozen=True, kw_only=True)
class Line:
    """What was answered about one person, named by id, by ID number or by both; `fault` when it cannot be read.

    A fault names the column and never holds what stood there, which may be personal.
    """

    number: int
    person_id: UUID | None = None
    id_number: str | None = None
    kind: str | None = None
    answer: Answer | None = None
    fault: str | None = None


class Source(Protocol):
    """Gives what authorities answered. A platform's adapter fetches, a file's reads."""

    def lines(self) -> Iterator[Line]:
        """Every answer once, in the source's order. A line that cannot be read is a fault and stops no other.

        The same answer may come again, in this run or the next: it is recognised by person, kind, result, day and
        evidence, and kept once. Raises Invalid when nothing can be read at all.
        """


@dataclass(frozen=True)
class ResultFile:
    """A CSV file with a heading of `COLUMNS`, in UTF-8 or, as Chinese spreadsheets save it, in GB 18030."""

    data: bytes

    def lines(self) -> Iterator[Line]:
        """See Source.lines."""
        reader = csv.DictReader(io.StringIO(self._text(), newline=""), strict=True)
        try:
            heading = set(reader.fieldnames or ())
            if REQUIRED - heading or not NAMING & heading:
                raise Invalid({"file": "columns_missing"})
            for row in reader:
                yield _line(reader.line_num, row)
        except csv.Error:
            raise Invalid({"file": "not_csv"}) from None

    def _text(self) -> str:
        if b"\0" in self.data:  # a spreadsheet's own format, or nothing that a database keeps
            raise Invalid({"file": "not_csv"})
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return self.data.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise Invalid({"file": "encoding_unknown"})


class _Row(ma.Schema):
    person_id = ma.fields.UUID(load_default=None)
    id_number = ma.fields.String(load_default=None, validate=ma.validate.Length(6, 32))
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    result = ma.fields.String(required=True, validate=ma.validate.OneOf(tuple(RESULTS)))
    as_of = ma.fields.Date(required=True)
    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    detail = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 10_000))
    bars_until = ma.fields.Date(load_default=None, validate=ma.validate.Range(max=LAST_DAY))


_ROW = _Row(unknown=ma.EXCLUDE)


def _line(number: int, row: dict[str | Any, str | Any]) -> Line:
    filled = {name: value.strip() for name, value in row.items() if name and isinstance(value, str) and value.strip()}
    try:
        read = _ROW.load(filled)
    except ma.ValidationError as fault:
        return Line(number=number, fault=f"invalid_{min(fault.messages_dict)}")
    who = {"person_id": read.pop("person_id"), "id_number": read.pop("id_number")}
    if set(who.values()) == {None}:
        return Line(number=number, fault="invalid_person")
    return Line(number=number, **who, kind=read.pop("kind"), answer=Answer(**read))

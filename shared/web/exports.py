"""Lists as files for people who work in spreadsheets: CSV, and XLSX."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response
from openpyxl import Workbook

CSV, XLSX = FORMATS = ("csv", "xlsx")

_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], form: str = CSV) -> Response:
    """A download `name.form` with a heading. Values are written as text; None leaves a cell empty."""
    table = [tuple(columns), *(tuple(_text(value) for value in row) for row in rows)]
    reply = Response(_WRITERS[form](table), content_type=_TYPES[form])
    reply.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    reply.headers["Cache-Control"] = "no-store"
    return reply


def _text(value: Any) -> str:
    """What a spreadsheet would take for a formula gets an apostrophe, so that a name cannot run in it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(table: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    return text.getvalue().encode("utf-8-sig")  # without the mark Excel takes it for another encoding


def _xlsx(table: Sequence[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in table:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


_WRITERS = {CSV: _csv, XLSX: _xlsx}

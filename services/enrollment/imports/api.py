"""HTTP door of imports."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.imports import commands
from services.enrollment.tables import Import
from shared.messaging.work import Work
from shared.web.door import Door
from shared.web.spine import Job

door = Door("imports", "名录导入 imports of the register")


class ImportOut(ma.Schema):
    """What a bundle would do: changes by kind, kinds above their threshold, and how many rows were held back."""

    id = ma.fields.UUID()
    state = ma.fields.String()
    counts = ma.fields.Dict()
    exceeded = ma.fields.List(ma.fields.String())
    total = ma.fields.Integer()
    quarantined = ma.fields.Function(lambda row: len({(one["file"], one["line"]) for one in row.problems}))
    uploaded_by = ma.fields.String()


class ProblemOut(ma.Schema):
    """A fault of a row that was held back, by file and line."""

    file = ma.fields.String()
    line = ma.fields.Integer()
    source_id = ma.fields.String()
    field = ma.fields.String()
    code = ma.fields.String()
    value = ma.fields.String(allow_none=True)
    sentence = ma.fields.String()
    sentence_en = ma.fields.String()


class ProblemsOut(ma.Schema):
    """Every fault that was found."""

    items = ma.fields.List(ma.fields.Nested(ProblemOut))


class Confirmation(ma.Schema):
    """Whether somebody looked at a preview that exceeds a threshold and stands by it."""

    confirmed = ma.fields.Boolean(load_default=False)


@door.post("/imports", needs="import.upload", gives=ImportOut, status=201, raw=True)
def stage_import(work: Work, body: bytes) -> Import:
    """Read and check a OneRoster 1.2 CSV bundle (a ZIP); nothing changes yet."""
    return commands.stage(work, body)


@door.list("/imports", needs="import.read", gives=ImportOut, of=Import, filters=("state",))
def list_imports(work: Work) -> Select[Any]:
    """Imports of the district."""
    return select(Import)


@door.get("/imports/<uuid:import_id>", needs="import.read", gives=ImportOut)
def read_import(work: Work, import_id: UUID) -> Import:
    """The preview of an import."""
    return work.get(Import, import_id)


@door.get("/imports/<uuid:import_id>/problems", needs="import.read", gives=ProblemsOut)
def list_import_problems(work: Work, import_id: UUID) -> dict[str, Any]:
    """The rows that were held back, each with its reasons."""
    return {"items": work.get(Import, import_id).problems}


@door.post("/imports/<uuid:import_id>/apply", needs="import.apply", takes=Confirmation, gives=Job, status=202)
def apply_import(work: Work, import_id: UUID, confirmed: bool) -> Any:
    """Apply a staged import as a job."""
    return commands.apply(work, import_id, confirmed=confirmed)

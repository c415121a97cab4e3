"""HTTP door of duty sheets."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.duty_sheets import commands, queries
from services.vetting.tables import DutySheet, DutySheetSignature
from shared.messaging.work import Work
from shared.web.door import Door
from shared.web.paging import Window

door = Door("duty_sheets", "岗位职责 duty sheets")


class SheetOut(ma.Schema):
    """What a school expects of a category of people in a term; of several, the newest is in force."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    category = ma.fields.String()
    duties = ma.fields.List(ma.fields.String())
    published_at = ma.fields.AwareDateTime()


class NewSheet(ma.Schema):
    """Whose duties, at which school, in which term."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    category = ma.fields.String(required=True)
    duties = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 500)), required=True, validate=ma.validate.Length(1, 50)
    )


class SignatureOut(ma.Schema):
    """Who acknowledged which sheet, and when."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    sheet_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    signed_at = ma.fields.AwareDateTime()


class MissingOut(ma.Schema):
    """Somebody who has not signed."""

    person_id = ma.fields.UUID()


class UnsignedOut(ma.Schema):
    """Who has not signed a sheet; `next` is the `after` of the next part."""

    items = ma.fields.List(ma.fields.Nested(MissingOut))
    next = ma.fields.Integer(allow_none=True)


@door.post("/duty-sheets", needs="duty_sheet.publish", takes=NewSheet, gives=SheetOut, status=201)
def publish_duty_sheet(work: Work, **wanted: Any) -> DutySheet:
    """State the duties of a category of people; whoever signed an earlier sheet signs again."""
    return commands.publish(work, **wanted)


@door.list(
    "/duty-sheets",
    needs="duty_sheet.read",
    gives=SheetOut,
    of=DutySheet,
    filters=("school_id", "term_id", "category"),
)
def list_duty_sheets(work: Work) -> Select[Any]:
    """Sheets of the caller's schools, the replaced ones as well."""
    return select(DutySheet)


@door.post("/duty-sheets/<uuid:sheet_id>/sign", needs="duty_sheet.sign", gives=SignatureOut, status=201)
def sign_duty_sheet(work: Work, sheet_id: UUID) -> DutySheetSignature:
    """Acknowledge one's own duties."""
    return commands.sign(work, sheet_id)


@door.list(
    "/duty-sheet-signatures",
    needs="duty_sheet.read",
    gives=SignatureOut,
    of=DutySheetSignature,
    filters=("sheet_id", "person_id", "school_id"),
)
def list_duty_sheet_signatures(work: Work) -> Select[Any]:
    """Who acknowledged which sheet; whoever only signs sees their own."""
    return queries.list_signatures(work)


@door.get("/duty-sheets/<uuid:sheet_id>/unsigned", needs="duty_sheet.read_signatures", query=Window, gives=UnsignedOut)
def list_unsigned(work: Work, sheet_id: UUID, after: int, limit: int) -> dict[str, Any]:
    """Whom a sheet concerns today and who has not signed it."""
    return queries.read_unsigned(work, sheet_id, after=after, limit=limit)

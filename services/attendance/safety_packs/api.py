"""HTTP door of safety packs."""

from typing import Any

import marshmallow as ma
from sqlalchemy import Select, select

from services.attendance.safety_packs import commands
from services.attendance.tables import SafetyPack
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("safety_packs", "安全制度包 safety packs")


class PackOut(ma.Schema):
    """A pack in force; `documents` maps each system to its document."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    documents = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    ready_at = ma.fields.AwareDateTime()


class Item(ma.Schema):
    """A system and the document that sets it."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 50))
    document_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


class NewPack(ma.Schema):
    """A school's term and everything in force for it."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    items = ma.fields.List(ma.fields.Nested(Item), required=True, validate=ma.validate.Length(1, 50))


@door.post("/safety-packs", needs="emergency.approve", takes=NewPack, gives=PackOut, status=201)
def make_safety_pack_ready(work: Work, **pack: Any) -> SafetyPack:
    """Put a complete safety pack in force."""
    return commands.make_ready(work, **pack)


@door.list("/safety-packs", needs="emergency.read", gives=PackOut, of=SafetyPack, filters=("school_id", "term_id"))
def list_safety_packs(work: Work) -> Select[Any]:
    """Packs of the caller's schools."""
    return select(SafetyPack)

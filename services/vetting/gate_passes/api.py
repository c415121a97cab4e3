"""HTTP door of gate passes."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from sqlalchemy import Select

from services.vetting.gate_passes import commands, queries
from services.vetting.tables import GatePass
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("gate_passes", "入校凭证 gate passes")


class PassOut(ma.Schema):
    """A pass and its window."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    state = ma.fields.String()
    valid_from = ma.fields.AwareDateTime()
    valid_to = ma.fields.AwareDateTime()


class NewPass(ma.Schema):
    """For whom, where, and on which day."""

    person_id = ma.fields.UUID(required=True)
    school_id = ma.fields.UUID(required=True)
    on = ma.fields.Date(required=True)


class PassesOut(ma.Schema):
    """What holds on that day: a pass for each stretch of hours."""

    items = ma.fields.List(ma.fields.Nested(PassOut))


class ShownOut(ma.Schema):
    """A signed token (JWT, ES256) for a gate, checked with the keys at `/.well-known/jwks.json`.

    `sub` is the person, `school` the school, `jti` the pass; the gate compares `school` with its own and `exp` with its
    clock.
    """

    token = ma.fields.String()
    expires_at = ma.fields.AwareDateTime()


class KeysOut(ma.Schema):
    """A JWKS document (RFC 7517)."""

    keys = ma.fields.List(ma.fields.Dict())


@door.post("/gate-passes", needs="gate_pass.issue", takes=NewPass, gives=PassesOut, status=201)
def issue_gate_passes(work: Work, **wanted: Any) -> dict[str, Any]:
    """Passes around the person's confirmed assignments of a day."""
    return {"items": commands.issue(work, **wanted)}


@door.list(
    "/gate-passes",
    needs="gate_pass.read",
    gives=PassOut,
    of=GatePass,
    filters=("person_id", "school_id", "state", "valid_from"),
    sorts=("valid_from", "id"),
)
def list_gate_passes(work: Work) -> Select[Any]:
    """Passes of the caller's schools."""
    return queries.list_passes(work)


@door.post("/gate-passes/<uuid:pass_id>/revoke", needs="gate_pass.revoke", gives=PassOut)
def revoke_gate_pass(work: Work, pass_id: UUID) -> GatePass:
    """A pass holds no more."""
    return commands.revoke(work, pass_id)


@door.get("/gate-passes/<uuid:pass_id>/token", needs="gate_pass.show", gives=ShownOut)
def show_gate_pass(work: Work, pass_id: UUID) -> dict[str, Any]:
    """What a gate without a network may trust for a moment."""
    return queries.shown(work, pass_id)


@door.get("/gate-passes/<uuid:pass_id>/qr-code", needs="gate_pass.show")
def draw_gate_pass(work: Work, pass_id: UUID) -> Response:
    """The same as a QR code, to be fetched anew before it runs out."""
    return Response(queries.qr_code(work, pass_id), content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@door.get("/.well-known/jwks.json", needs=None, gives=KeysOut)
def list_gate_pass_keys(work: Work) -> dict[str, Any]:
    """The public key with which a gate checks passes; a gate that meets an unknown key id asks again."""
    return work.signer.jwks()

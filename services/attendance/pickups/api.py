"""HTTP door of pickups. Names and phones of those who fetch children are sealed, every reading is logged."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.attendance.pickups import commands, queries
from services.attendance.pickups.rules import PROPOSABLE, WITHOUT_AUTHORIZATION
from services.attendance.tables import PickupAuthorization
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("pickups", "接送授权与接领 pickups")


class AuthorizationOut(ma.Schema):
    """Who may fetch whom, without a name."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    person_id = ma.fields.UUID(allow_none=True)
    kind = ma.fields.String()
    state = ma.fields.String()
    valid_from = ma.fields.Date()
    valid_until = ma.fields.Date(allow_none=True)
    relation = ma.fields.String(allow_none=True)


class NewAuthorization(ma.Schema):
    """Whom a guardian names; ONE_DAY holds on `valid_from` alone, SELF_LEAVE names nobody."""

    pupil_id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(PROPOSABLE))
    valid_from = ma.fields.Date(required=True)
    valid_until = ma.fields.Date(load_default=None)
    name = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 100))
    phone = ma.fields.String(load_default=None, validate=ma.validate.Length(3, 20))
    relation = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 50))
    is_minor = ma.fields.Boolean(load_default=False)


class Identity(ma.Schema):
    """Who the person is."""

    name = ma.fields.String()
    phone = ma.fields.String()


class Evidence(ma.Schema):
    """The kind of paper and where it is kept; a guardian's suspension needs one of the profile's kinds."""

    evidence = ma.fields.String(load_default=None)
    evidence_ref = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 200))


class Release(ma.Schema):
    """By which authorization, or to which adult; neither when the child leaves alone."""

    method = ma.fields.String(required=True)
    authorization_id = ma.fields.UUID(load_default=None)
    person_id = ma.fields.UUID(load_default=None)


class EmergencyRelease(ma.Schema):
    """To whom and why, on the duty leader's responsibility."""

    method = ma.fields.String(required=True, validate=ma.validate.OneOf(WITHOUT_AUTHORIZATION))
    note = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))
    person_id = ma.fields.UUID(load_default=None)


class ReleaseOut(ma.Schema):
    """The handover that was written."""

    handover_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    receiver_kind = ma.fields.String()
    method = ma.fields.String()


@door.post("/authorizations", needs="authorization.propose", takes=NewAuthorization, gives=AuthorizationOut, status=201)
def propose_authorization(work: Work, **new: Any) -> PickupAuthorization:
    """Name somebody who may fetch one's child."""
    return commands.propose(work, **new)


@door.list(
    "/authorizations",
    needs="authorization.read",
    gives=AuthorizationOut,
    of=PickupAuthorization,
    filters=("school_id", "pupil_id", "person_id", "kind", "state"),
)
def list_authorizations(work: Work) -> Select[Any]:
    """Who may fetch whom."""
    return queries.list_authorizations(work)


@door.get("/authorizations/<uuid:authorization_id>/identity", needs="authorization.verify", gives=Identity)
def read_collector(work: Work, authorization_id: UUID) -> dict[str, str]:
    """Name and phone of somebody who is to be verified."""
    found = work.get(PickupAuthorization, authorization_id)
    log_access(work, "attendance.collector", [found.pupil_id])
    return queries.open_identity(work, found)


@door.post("/authorizations/<uuid:authorization_id>/verify", needs="authorization.verify", gives=AuthorizationOut)
def verify_authorization(work: Work, authorization_id: UUID) -> PickupAuthorization:
    """Confirm who that is; by the class teacher or academic affairs."""
    return commands.verify(work, authorization_id)


@door.post(
    "/authorizations/<uuid:authorization_id>/suspend",
    needs="authorization.suspend",
    takes=Evidence,
    gives=AuthorizationOut,
)
def suspend_authorization(work: Work, authorization_id: UUID, **evidence: Any) -> PickupAuthorization:
    """Hand the child to this person no more for now."""
    return commands.suspend(work, authorization_id, **evidence)


@door.post("/authorizations/<uuid:authorization_id>/reinstate", needs="authorization.verify", gives=AuthorizationOut)
def reinstate_authorization(work: Work, authorization_id: UUID) -> PickupAuthorization:
    """End a suspension."""
    return commands.reinstate(work, authorization_id)


@door.post("/authorizations/<uuid:authorization_id>/revoke", needs="authorization.revoke", gives=AuthorizationOut)
def revoke_authorization(work: Work, authorization_id: UUID) -> PickupAuthorization:
    """End an authorization for good."""
    return commands.revoke(work, authorization_id)


@door.post("/custody/<uuid:pupil_id>/release", needs="custody.release", takes=Release, gives=ReleaseOut, once=True)
def release_pupil(work: Work, pupil_id: UUID, **wanted: Any) -> dict[str, Any]:
    """Let a child go to somebody who may fetch it."""
    return commands.release(work, pupil_id, **wanted)


@door.post(
    "/custody/<uuid:pupil_id>/emergency-release",
    needs="custody.emergency_release",
    takes=EmergencyRelease,
    gives=ReleaseOut,
    once=True,
)
def release_in_emergency(work: Work, pupil_id: UUID, **wanted: Any) -> dict[str, Any]:
    """Let a child go on the duty leader's responsibility."""
    return commands.release_in_emergency(work, pupil_id, **wanted)

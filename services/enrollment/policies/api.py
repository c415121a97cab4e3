"""HTTP door of policies."""

from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.policies import commands
from services.enrollment.tables import PolicyProfile
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("policies", "政策档案 policy profiles")


class ProfileOut(ma.Schema):
    """A published version, without its document."""

    id = ma.fields.UUID()
    profile_id = ma.fields.String()
    profile_version = ma.fields.Integer()
    state = ma.fields.String()
    sha256 = ma.fields.String()
    effective_from = ma.fields.Date()


class ProfileWithDocument(ProfileOut):
    """A published version: every key with its value, its clauses, and where it comes from."""

    overlay = ma.fields.Dict()
    document = ma.fields.Dict()


class NewProfile(ma.Schema):
    """A packaged base, what the district lays over it, and from when it holds."""

    base = ma.fields.String(required=True)
    overlay = ma.fields.Dict(load_default=dict)
    effective_from = ma.fields.Date(required=True)


@door.post("/policy-profiles", needs="policy.publish", takes=NewProfile, gives=ProfileOut, status=201)
def publish_policy_profile(work: Work, base: str, overlay: dict[str, Any], effective_from: date) -> PolicyProfile:
    """Put the next version of a profile in force."""
    return commands.publish(work, base=base, overlay=overlay, effective_from=effective_from)


@door.list(
    "/policy-profiles",
    needs="policy.read",
    gives=ProfileOut,
    of=PolicyProfile,
    filters=("profile_id", "profile_version", "state", "effective_from"),
)
def list_policy_profiles(work: Work) -> Select[Any]:
    """Published versions of the district."""
    return select(PolicyProfile)


@door.get("/policy-profiles/<uuid:row_id>", needs="policy.read", gives=ProfileWithDocument)
def read_policy_profile(work: Work, row_id: UUID) -> PolicyProfile:
    """One version with its whole document."""
    return work.get(PolicyProfile, row_id)

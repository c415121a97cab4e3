"""HTTP door of policies and of exceptions to their bounds."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.policies import commands
from services.enrollment.tables import BoundException, PolicyProfile
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


class ExceptionOut(ma.Schema):
    """A bound that a school may pass, or asks to pass; `bound` is the key in the profile."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    bound = ma.fields.String()
    state = ma.fields.String()
    reason = ma.fields.String()
    valid_from = ma.fields.Date()
    valid_until = ma.fields.Date()
    document_no = ma.fields.String(allow_none=True)


class NewException(ma.Schema):
    """Which bound, why, and for which days."""

    school_id = ma.fields.UUID(required=True)
    bound = ma.fields.String(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 1000))
    valid_from = ma.fields.Date(required=True)
    valid_until = ma.fields.Date(required=True)


class Document(ma.Schema):
    """The number of the paper that a decision stands in."""

    document_no = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


@door.post("/policy-profiles", needs="policy.publish", takes=NewProfile, gives=ProfileOut, status=201)
def publish_policy_profile(work: Work, **new: Any) -> PolicyProfile:
    """Put the next version of a profile in force."""
    return commands.publish(work, **new)


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


@door.post("/exceptions", needs="exception.request", takes=NewException, gives=ExceptionOut, status=201)
def request_exception(work: Work, **wanted: Any) -> BoundException:
    """Ask to pass a bound that holds in principle."""
    return commands.request_exception(work, **wanted)


@door.list(
    "/exceptions",
    needs="exception.read",
    gives=ExceptionOut,
    of=BoundException,
    filters=("school_id", "bound", "state", "valid_from", "valid_until"),
)
def list_exceptions(work: Work) -> Select[Any]:
    """Exceptions of the caller's schools, asked for and decided."""
    return select(BoundException)


@door.post("/exceptions/<uuid:exception_id>/approve", needs="exception.approve", takes=Document, gives=ExceptionOut)
def approve_exception(work: Work, exception_id: UUID, document_no: str) -> BoundException:
    """Let the school pass the bound."""
    return commands.approve_exception(work, exception_id, document_no=document_no)


@door.post("/exceptions/<uuid:exception_id>/reject", needs="exception.approve", gives=ExceptionOut)
def reject_exception(work: Work, exception_id: UUID) -> BoundException:
    """Do not."""
    return commands.reject_exception(work, exception_id)


@door.post("/exceptions/<uuid:exception_id>/end", needs="exception.end", gives=ExceptionOut)
def end_exception(work: Work, exception_id: UUID) -> BoundException:
    """Take an approved exception back."""
    return commands.end_exception(work, exception_id)

"""HTTP door of fee publications."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.finance.publications import commands
from services.finance.tables import FeePublication
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("publications", "收费公示 fee publications")


class PostedAmount(ma.Schema):
    """The posted standard."""

    unit = ma.fields.String(required=True)
    amount_fen = ma.fields.Integer(required=True, strict=True)


class Contents(ma.Schema):
    """What the board says; `posting` of the standard is what it has to say."""

    items = ma.fields.List(ma.fields.UUID())
    standard = ma.fields.Nested(PostedAmount)
    basis = ma.fields.List(ma.fields.String())
    complaint_phone = ma.fields.String()

    @ma.post_load
    def as_text(self, said: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Ids as JSON keeps them."""
        return said | ({"items": [str(item) for item in said["items"]]} if "items" in said else {})


class PublicationOut(ma.Schema):
    """A posted fee and who saw it."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    standard_id = ma.fields.UUID()
    place = ma.fields.String()
    urls = ma.fields.List(ma.fields.String())
    photo_ref = ma.fields.String()
    content_hash = ma.fields.String()
    state = ma.fields.String()
    posted_by = ma.fields.String()
    verified_by = ma.fields.String(allow_none=True)
    verified_at = ma.fields.AwareDateTime(allow_none=True)
    cause = ma.fields.String(allow_none=True)


class NewPublication(ma.Schema):
    """Where it is posted, a photo of the board, and what it says."""

    standard_id = ma.fields.UUID(required=True)
    photo_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    place = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    urls = ma.fields.List(ma.fields.Url(), load_default=list)
    contents = ma.fields.Nested(Contents, required=True)


class Seen(ma.Schema):
    """What the verifier read at the place."""

    contents = ma.fields.Nested(Contents, required=True)


class Fault(ma.Schema):
    """Why it holds no more."""

    cause = ma.fields.String(
        required=True, validate=ma.validate.OneOf(("TAKEN_DOWN", "INSPECTOR_MISMATCH", "COMPLAINT_UPHELD", "WRONG"))
    )


@door.post("/fee-publications", needs="publication.post", takes=NewPublication, gives=PublicationOut, status=201)
def post_publication(work: Work, **posted: Any) -> FeePublication:
    """Say that a standard is posted."""
    return commands.post(work, **posted)


@door.list(
    "/fee-publications",
    needs="publication.read",
    gives=PublicationOut,
    of=FeePublication,
    filters=("school_id", "standard_id", "state"),
)
def list_publications(work: Work) -> Select[Any]:
    """Publications of the caller's schools."""
    return select(FeePublication)


@door.post(
    "/fee-publications/<uuid:publication_id>/verify", needs="publication.verify", takes=Seen, gives=PublicationOut
)
def verify_publication(work: Work, publication_id: UUID, contents: dict[str, Any]) -> FeePublication:
    """Confirm what is posted; not by whoever posted it."""
    return commands.verify(work, publication_id, contents=contents)


@door.post(
    "/fee-publications/<uuid:publication_id>/invalidate",
    needs="publication.invalidate",
    takes=Fault,
    gives=PublicationOut,
)
def invalidate_publication(work: Work, publication_id: UUID, cause: str) -> FeePublication:
    """Stop collecting on it."""
    return commands.invalidate(work, publication_id, cause=cause)

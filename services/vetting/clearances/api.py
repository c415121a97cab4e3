"""HTTP door of clearances."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from services.vetting.clearances import commands, queries
from services.vetting.clearances.queries import COLUMNS
from services.vetting.people.api import PersonOut
from services.vetting.tables import Person
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.web.door import Door
from shared.web.exports import CSV, FORMATS, File, export

door = Door("clearances", "准入 clearances")


class Consent(ma.Schema):
    """Whether the person agreed to the queries."""

    consent = ma.fields.Boolean(required=True)


class Form(ma.Schema):
    """Of which form the file is."""

    form = ma.fields.String(load_default=CSV, validate=ma.validate.OneOf(FORMATS))


class ListenerOut(ma.Schema):
    """When a service applied it, by the clock of its database; null: not yet heard of."""

    service = ma.fields.String()
    enforced_at = ma.fields.AwareDateTime(allow_none=True)


class EnforcementOut(ma.Schema):
    """What became of the last loss of a clearance: vetting's own roster changed with the decision, the others follow.

    Whoever has not confirmed refuses the person at `guaranteed_by` at the latest, whatever queues and networks do.
    """

    person_id = ma.fields.UUID()
    state = ma.fields.String()
    clearance_epoch = ma.fields.Integer()
    decided_at = ma.fields.AwareDateTime(allow_none=True)
    guaranteed_by = ma.fields.AwareDateTime(allow_none=True)
    listeners = ma.fields.List(ma.fields.Nested(ListenerOut))


@door.post("/people/<uuid:person_id>/start-review", needs="person.record_consent", takes=Consent, gives=PersonOut)
def start_review(work: Work, person_id: UUID, consent: bool) -> Person:
    """Begin a review, with consent to the queries."""
    return commands.start_review(work, person_id, consent=consent)


@door.post("/people/<uuid:person_id>/clear", needs="person.clear", gives=PersonOut)
def clear(work: Work, person_id: UUID) -> Person:
    """Clear a person whose checks are complete; also before a clearance ends, for another year."""
    return commands.clear(work, person_id)


@door.post("/people/<uuid:person_id>/leave", needs="person.exit", gives=PersonOut)
def leave(work: Work, person_id: UUID) -> Person:
    """A person serves no more: off every roster, passes and contracts ended."""
    return commands.leave(work, person_id)


@door.get("/clearance-register", needs="person.export", query=Form)
def export_clearance_register(work: Work, form: str) -> File:
    """Who may serve and until when, as a file: status and reason class, no detail."""
    people = queries.list_register(work)
    log_access(work, "vetting.clearance_register", {person.id for person in people})
    return export("clearance-register", COLUMNS, queries.register_rows(work, people), form)


@door.get("/people/<uuid:person_id>/enforcement", needs="person.read", gives=EnforcementOut)
def read_enforcement(work: Work, person_id: UUID) -> dict[str, Any]:
    """Who has enforced a block, a suspension or an expiry, and when, or by when it is guaranteed."""
    return queries.enforcement(work, person_id)

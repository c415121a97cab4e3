"""HTTP door of clearances."""

from uuid import UUID

import marshmallow as ma

from services.vetting.clearances import commands
from services.vetting.people.api import PersonOut
from services.vetting.tables import Person
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("clearances", "准入 clearances")


class Consent(ma.Schema):
    """Whether the person agreed to the queries."""

    consent = ma.fields.Boolean(required=True)


@door.post("/people/<uuid:person_id>/start-review", needs="person.record_consent", takes=Consent, gives=PersonOut)
def start_review(work: Work, person_id: UUID, consent: bool) -> Person:
    """Begin a review, with consent to the queries."""
    return commands.start_review(work, person_id, consent=consent)


@door.post("/people/<uuid:person_id>/clear", needs="person.clear", gives=PersonOut)
def clear(work: Work, person_id: UUID) -> Person:
    """Clear a person whose checks are complete."""
    return commands.clear(work, person_id)

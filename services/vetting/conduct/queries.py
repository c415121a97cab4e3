"""Reading conduct records."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import exists, select

from services.vetting.tables import ConductRecord, Person
from shared.messaging.work import Work
from shared.refusals import NotFound


def open_account(work: Work, record: ConductRecord) -> str:
    """What was said, unsealed; the caller logs the access. NotFound where it is told elsewhere."""
    if record.account_sealed is None:
        raise NotFound("account")
    return work.keyring.open(record.id, "account", record.account_sealed)


def not_alleged(work: Work, person_ids: Collection[UUID], evidence_ref: str) -> Sequence[UUID]:
    """Of some people those who are known here and of whom nothing is on record that is told in one place, by id."""
    told = exists().where(ConductRecord.person_id == Person.id, ConductRecord.evidence_ref == evidence_ref)
    return work.session.scalars(select(Person.id).where(Person.id.in_(person_ids), ~told).order_by(Person.id)).all()

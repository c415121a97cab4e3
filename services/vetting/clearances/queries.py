"""Reading the register of clearances, and what became of a lost one."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.vetting.people import queries as people
from services.vetting.tables import Person, Receipt
from shared.messaging.work import Work
from shared.refusals import NotFound
from shared.tables import outbox

LISTENERS = ("attendance", "enrollment", "finance")
"""Who hears of clearances; no service can be imported here, so a test compares the two."""


def newest_receipt(work: Work, listener: str) -> datetime | None:
    """Up to where a listener's receipts were kept."""
    return work.session.scalar(select(func.max(Receipt.applied_at)).where(Receipt.listener == listener))


def enforcement(work: Work, person_id: UUID) -> dict[str, Any]:
    """Who has enforced the last loss of a person's clearance and when; for the others, by when it is guaranteed.

    A listener that has not heard of it trusts its copy until the lease that it took before the commit runs out
    (messaging.md §7). The commit came before the relay, or we, could see the event: that instant plus the lease is
    never too early; both instants are None once the event is deleted (`KEHOU_RETENTION_DAYS`), long after they passed.
    Raises NotFound while no clearance was ever lost.
    """
    person = work.one(people.list_people(work).where(Person.id == person_id), thing="person")
    if person.lost_by is None:
        raise NotFound("loss of clearance")
    seen = func.coalesce(outbox.c.sent_at, func.clock_timestamp())
    said = work.session.execute(
        select(outbox.c.created_at, (seen + work.signer.lease).label("guaranteed_by")).where(
            outbox.c.event_id == person.lost_by
        )
    ).one_or_none()
    applied = {
        row.listener: row.applied_at
        for row in work.session.scalars(select(Receipt).where(Receipt.event_id == person.lost_by))
    }
    return {
        "person_id": person_id,
        "state": person.state,
        "clearance_epoch": person.clearance_epoch,
        "decided_at": said and said.created_at,
        "guaranteed_by": said and said.guaranteed_by,
        "listeners": [{"service": name, "enforced_at": applied.get(name)} for name in LISTENERS],
    }


# The register

COLUMNS = ("person_id", "name", "category", "state", "reason_class", "valid_until")


def list_register(work: Work) -> list[Person]:
    """Everybody whom the caller may see, by category and id."""
    return list(work.session.scalars(people.list_people(work).order_by(Person.category, Person.id)))


def register_rows(work: Work, listed: Sequence[Person]) -> Iterator[tuple[Any, ...]]:
    """The lines of the register, names opened; the caller logs the access. A date stands where a clearance does."""
    names = people.names_of(work, listed)
    for one in listed:
        until = one.valid_until if one.state == "CLEARED" else None
        yield one.id, names[one.id][0], one.category, one.state, one.reason_class, until

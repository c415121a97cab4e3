"""Reading who may fetch whom."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.attendance.directory import queries as directory
from services.attendance.pickups.rules import Authorization
from services.attendance.tables import PickupAuthorization
from shared.messaging.work import Work
from shared.refusals import NotFound


def list_authorizations(work: Work) -> Select[Any]:
    """Authorizations of the caller's schools; a guardian sees those of their own children."""
    return directory.narrow(work, select(PickupAuthorization), PickupAuthorization.pupil_id)


def collector(work: Work, pupil_id: UUID, authorization_id: UUID | None, person_id: UUID | None) -> UUID | None:
    """Who wants the child, by an authorization or by themselves; an authorization for another pupil names nobody."""
    if authorization_id is None:
        return person_id
    return work.session.scalar(
        select(PickupAuthorization.person_id).where(
            PickupAuthorization.id == authorization_id, PickupAuthorization.pupil_id == pupil_id
        )
    )


def of_person(pupil_id: Any, person_id: Any) -> Select[PickupAuthorization]:
    """SQL: every authorization of a person for a pupil, given by id or in SQL; no person: those to leave alone."""
    return select(PickupAuthorization).where(
        PickupAuthorization.pupil_id == pupil_id, PickupAuthorization.person_id.is_not_distinct_from(person_id)
    )


def standing(work: Work, pupil_id: UUID, person_id: UUID | None) -> list[Authorization]:
    """A person's authorizations for a pupil, as they stand now."""
    found = work.session.scalars(of_person(pupil_id, person_id))
    return [Authorization(kind=one.kind, state=one.state, is_minor=one.is_minor) for one in found]


def open_identity(work: Work, authorization: PickupAuthorization) -> dict[str, str]:
    """Name and phone, unsealed; the caller logs the access. A guardian's are in enrollment's directory."""
    if authorization.name_sealed is None or authorization.phone_sealed is None:
        raise NotFound("identity")
    return {
        "name": work.keyring.open(authorization.id, "name", authorization.name_sealed),
        "phone": work.keyring.open(authorization.id, "phone", authorization.phone_sealed),
    }

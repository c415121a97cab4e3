"""Who acts: a person behind a token, another service, or this service itself reacting to an event or a timer."""

from dataclasses import dataclass
from uuid import UUID

from shared.refusals import Forbidden, NotFound


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The walls of a transaction are those of its caller.

    `school_ids` None means every school of the caller's districts.
    """

    subject: str
    person_id: UUID | None = None
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    district_ids: frozenset[UUID] = frozenset()
    school_ids: frozenset[UUID] | None = frozenset()

    def need(self, permission: str) -> None:
        """Raise Forbidden unless the caller holds `permission`."""
        if permission not in self.permissions:
            raise Forbidden(permission)

    def sees_school(self, school_id: UUID) -> bool:
        """Whether the school stands inside the caller's walls."""
        return self.school_ids is None or school_id in self.school_ids

    def need_school(self, school_id: UUID) -> None:
        """Raise NotFound when the school stands outside the caller's walls."""
        if not self.sees_school(school_id):
            raise NotFound("school")

    @property
    def district_id(self) -> UUID:
        """The one district that the caller acts in; NotFound when the token names none or several."""
        if len(self.district_ids) != 1:
            raise NotFound("district")
        return next(iter(self.district_ids))


def service_itself(service: str, district_id: UUID) -> Caller:
    """The service acting on its own account in one district: an event handler, a timer, a job."""
    return Caller(subject=f"service:{service}", district_ids=frozenset({district_id}), school_ids=None)

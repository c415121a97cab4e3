"""Service and standings as attendance and vetting would have told them, and a school's rates."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts.attendance import SessionClosed, StaffServiceRecorded
from shared.contracts.vetting import StaffBlocked, StaffCleared, StaffRestored, StaffSuspended
from shared.ids import new_id
from tests.world import World

RATE = {"category": "OWN_TEACHER", "rate_fen": 4_000, "funding_source": "SERVICE_FEE"}


@dataclass
class Served:
    """One session, one person, 80 minutes (two periods) from 16:00 on."""

    world: World
    school: UUID
    item: UUID
    day: int = 0
    person: UUID = field(default_factory=new_id)
    session: UUID = field(default_factory=new_id)

    def closed(self) -> SessionClosed:
        """The session was held."""
        return SessionClosed(
            district_id=self.world.district,
            school_id=self.school,
            session_id=self.session,
            group_id=new_id(),
            item_id=self.item,
            term_id=self.world.term,
            on=self.world.at(16, day=self.day).date(),
            opened_at=self.world.at(16, day=self.day),
            closed_at=self.world.at(17, 20, day=self.day),
            expected_count=20,
            present_count=20,
            learning_minutes=0,
            revision=1,
        )

    def recorded(self, *, minutes: int = 80, epoch: int = 1, revision: int = 1) -> StaffServiceRecorded:
        """The person served in it."""
        return StaffServiceRecorded(
            district_id=self.world.district,
            school_id=self.school,
            session_id=self.session,
            item_id=self.item,
            term_id=self.world.term,
            person_id=self.person,
            role="LEAD",
            nature="SPORT",
            on=self.world.at(16, day=self.day).date(),
            started_at=self.world.at(16, day=self.day),
            minutes=minutes,
            clearance_epoch=epoch,
            revision=revision,
        )

    def cleared(self, category: str = "OWN_TEACHER") -> StaffCleared:
        """Epoch 1."""
        until = self.world.first_day + timedelta(days=365)
        return StaffCleared(**self._who(category), clearance_epoch=1, valid_until=until)

    def blocked(self, *, day: int, hour: int = 12) -> StaffBlocked:
        """Epoch 2, from noon of a day on."""
        at = self.world.at(hour, day=day)
        return StaffBlocked(**self._who("OWN_TEACHER"), clearance_epoch=2, effective_at=at, reason_class="ETHICS")

    def suspended(self, *, day: int) -> StaffSuspended:
        """Epoch 2, from noon of a day on."""
        at = self.world.at(12, day=day)
        return StaffSuspended(**self._who("OWN_TEACHER"), clearance_epoch=2, effective_at=at, reason_class="PRECAUTION")

    def restored(self) -> StaffRestored:
        """Epoch 3."""
        until = self.world.first_day + timedelta(days=365)
        return StaffRestored(**self._who("OWN_TEACHER"), clearance_epoch=3, valid_until=until)

    def _who(self, category: str) -> dict[str, Any]:
        return {"district_id": self.world.district, "person_id": self.person, "category": category}


def rates(world: World, school: UUID, *rows: Any) -> Any:
    """Rates in force."""
    body = {"school_id": school, "effective_from": world.first_day, "rates": list(rows or [RATE])}
    table = world.as_("accountant", school=school).post("/finance/v1/rate-tables", body)
    return world.as_("district_admin").post(
        f"/finance/v1/rate-tables/{table['id']}/approve", {"authority": "人社局", "document_no": "鹤人社〔2026〕3号"}
    )


def lines(world: World, school: UUID) -> list[Any]:
    """(state, fen) of the school's pay lines, by day."""
    found = world.as_("accountant").get("/finance/v1/pay-lines", school_id=school, sort="on")["items"]
    return [(line["state"], line["amount_fen"]) for line in found]

"""Who lives in the district, what time it is there, and what was delivered."""

import random
from typing import Any

import httpx

from tests.client import Client
from tests.properties.careless import deliver_some, renew_lease
from tests.properties.seedling import District
from tests.stories.stage import SERVICES

A, E, F, V = "/attendance/v1", "/enrollment/v1", "/finance/v1", "/vetting/v1"
HOURS = ((8, 0), (12, 0), (16, 56), (17, 20), (18, 0), (18, 12), (18, 32), (19, 5))


class Living:
    """A copy of the district, its callers, its clock and its deliveries."""

    def __init__(self, district: District) -> None:
        self.world, self.stage = district.world, district.stage
        self.school, self.term = district.school, district.term
        self.debtors, self.newcomers = district.debtors, district.newcomers
        self.chance = random.Random(0)
        self.day = self.hour = self.moment = 0
        self.progress: dict[str, int] = {}
        self.made: dict[str, str] = {}
        self.words: list[dict[str, Any]] = []
        self.came: dict[str, int] = self.money_kept()
        self.world.http.event_hooks["response"] = [_well_answered]
        self.world.set_time(self.world.at(*HOURS[0]))
        renew_lease(self.world)

    # Who asks

    def at(self, role: str, person: str | None = None) -> Client:
        return self.stage.as_(role, school=self.school.id, person=person)

    def ask(self, client: Client, path: str, body: Any = None) -> Any:
        """POST; the answer, or None when a rule said no."""
        reply = client.request("POST", path, body=body)
        return reply.json() if reply.is_success else None

    @property
    def people(self) -> list[str]:
        return [self.school.lead, self.school.other, self.school.teacher]

    def pupil(self) -> str:
        return self.chance.choice(self.school.pupils + self.debtors + self.newcomers)

    @property
    def today(self) -> str:
        return str(self.school.sessions[min(self.day, 4)]["id"])

    def leader(self) -> str:
        """Who leads the session of today as far as the school has heard."""
        sql = (
            "SELECT person_id FROM assignments WHERE session_id = :s AND state = 'CONFIRMED' ORDER BY role DESC LIMIT 1"
        )
        rows = self.world.read("attendance", sql, s=self.today)
        return str(rows[0][0]) if rows else self.school.other

    def kept(self) -> list[str]:
        sql = "SELECT pupil_id FROM custody_chains WHERE session_id = :s AND state NOT IN ('RELEASED', 'WITH_CLASS')"
        return [str(row[0]) for row in self.world.read("attendance", sql, s=self.today)]

    def money_kept(self) -> dict[str, int]:
        """What finance keeps of the gateway's words: fen by transaction."""
        sql = "SELECT transaction_id, amount_fen FROM gateway_receipts WHERE district_id = :d"
        return dict(self.world.read("finance", sql, d=self.world.district))

    # Time and delivery

    def tick(self) -> None:
        """Later today, or the next morning."""
        self.hour += 1
        if self.hour >= len(HOURS):
            self.hour, self.day, self.moment = 0, self.day + 1, 0
        self.set_clock()

    def set_clock(self) -> None:
        self.world.set_time(self.world.at(*HOURS[self.hour], day=self.day))

    def next_morning(self) -> None:
        self.hour = len(HOURS)
        self.tick()

    def fire(self) -> None:
        """Timers of one service, perhaps twice."""
        service = self.chance.choice(SERVICES)
        for _ in range(self.chance.choice((1, 2))):
            self.world.run_timers(service)

    def deliver(self) -> None:
        deliver_some(self.world, self.chance)

    def catch_up(self) -> None:
        self.world.deliver_all()

    def renew(self) -> None:
        renew_lease(self.world)

    def lose_lease(self) -> None:
        self.world.change("attendance", "UPDATE inbox_position SET fresh_until = NULL WHERE source = '/vetting'")


def _well_answered(reply: httpx.Response) -> None:
    """Nothing breaks, and whatever a gate refuses cites a clause (INV-X-09)."""
    reply.read()
    assert reply.status_code < 500, (str(reply.request.url), reply.text)
    if reply.status_code == 409 and reply.json().get("gate"):
        assert reply.json().get("clauses"), reply.text

"""Where a story is played: four services behind one HTTP client, in this process or in another."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from uuid import UUID

import httpx

from services.finance.payments.rules import callback_key
from shared.clock import LOCAL
from shared.ids import new_id
from shared.personal_data import Keyring
from shared.policy import cite
from shared.web.issuer import DevelopmentIssuer
from tests.client import Answered, Client

SERVICES = ("enrollment", "attendance", "finance", "vetting")
PATIENCE_SECONDS = 60.0


@dataclass
class Refusal:
    """What was refused, and why."""

    tried: str
    problem: dict[str, Any]


@dataclass
class Stage:
    """One district in four running services. `first_day` is the Monday on which the service begins."""

    http: httpx.Client
    issuer: DevelopmentIssuer
    keyring: Keyring
    tell: Callable[[str], None] = lambda _: None
    district: UUID = field(default_factory=new_id)
    first_day: date = date(2026, 9, 7)
    happened: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    clock: str = ""
    patience: float = PATIENCE_SECONDS
    """Seconds that `until` waits at most."""

    def as_(self, role: str, *, school: UUID | str | None = None, person: UUID | str | None = None) -> Client:
        """A caller with one role, in one school or in all of the district."""
        schools = None if school is None else [UUID(str(school))]
        person_id = None if person is None else UUID(str(person))

        def token_for(service: str) -> str:
            return self.issuer.token(
                subject=str(person_id or role),
                roles=[role],
                district_ids=[self.district],
                school_ids=schools,
                person_id=person_id,
                audience=service,
                lifetime=timedelta(hours=1),
            )

        return Client(self.http, token_for)

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        """Wall-clock time in China, counted from the first service day."""
        return datetime.combine(self.first_day + timedelta(days=day), clock_time(hour, minute), LOCAL)

    def set_time(self, day: int, hour: int, minute: int = 0) -> None:
        """Set business time in all four services."""
        moment = self.at(day, hour, minute)
        self.clock = moment.strftime("%m-%d %H:%M")
        for service in SERVICES:
            self.as_("operator").post(f"/{service}/v1/business-time", {"now": moment})

    def say(self, sentence: str) -> None:
        """Something happened that the report tells."""
        self.happened.append((self.clock, sentence))
        self.tell(f"{self.clock}  {sentence}")

    def refused(self, tried: str, client: Client, path: str, body: Any = None) -> dict[str, Any]:
        """Try what a rule must refuse, and keep its answer for the report."""
        problem: dict[str, Any] = client.refused(path, body)
        self._keep(tried, problem)
        return problem

    def _keep(self, tried: str, problem: dict[str, Any]) -> None:
        self.refusals.append(Refusal(tried, problem))
        self.tell(f"{self.clock}  ✗ {tried}: {problem['title']}")

    def refused_row(self, tried: str, client: Client, body: Any) -> None:
        """Import an aid list whose one row a rule must refuse, and keep the reason as if it had been a refusal."""
        (error,) = client.post("/finance/v1/waivers/import", body)["errors"]
        told = {part: error[part]["zh-CN"] for part in ("title", "detail")}
        cited = [cite(clause) for clause in error["clauses"]]
        clauses = [{"id": one.id, "quote": one.quote_zh, "meaning": one.meaning_en} for one in cited]
        self._keep(tried, {**error, **told, "clauses": clauses})

    def until(self, read: Callable[[], Any], wanted: Any = True) -> float:
        """Seconds until `read` gives what is wanted: events are on their way."""
        began = time.monotonic()
        while (last := read()) != wanted:
            if time.monotonic() - began > self.patience:
                raise Answered(f"waited {self.patience} s for {wanted!r}, last saw {last!r}")
            time.sleep(0.02)
        return time.monotonic() - began

    @property
    def callback_key(self) -> bytes:
        """What the district's payment gateway signs with."""
        return callback_key(self.keyring.index_key, self.district)


@dataclass
class School:
    """One school of the story, and what has been made for it."""

    id: str
    name: str
    segment: str = "service"
    class_id: str = ""
    grade: int = 0
    teacher: str = ""
    """The class teacher of the class that takes part."""
    lead: str = ""
    other: str = ""
    principal: str = ""
    pupils: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """The rest of the class, who do not take part in the school's own item."""
    also_wants: dict[str, list[str]] = field(default_factory=dict)
    """Pupil to the items that they take besides the school's own."""
    guardian_of: dict[str, str] = field(default_factory=dict)
    plan: str = ""
    item: str = ""
    window: str = ""
    venue: str = ""
    group: str = ""
    waived: str = ""
    leaving: str = ""
    starts: tuple[int, int] = (17, 0)
    """When its session begins on every service day; it lasts an hour."""
    sessions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ends(self) -> tuple[int, int]:
        """When its session ends."""
        return self.starts[0] + 1, self.starts[1]


def ids(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The ids of rows."""
    return [row["id"] for row in rows]

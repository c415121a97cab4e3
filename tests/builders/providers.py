"""Third parties in every stage of selection, made through vetting's API."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.ids import new_id
from tests.builders import staff
from tests.world import World

V = "/vetting/v1"
PAPERS = (
    *("licence", "registration", "annual_inspection", "supervision_platform_entry", "fund_supervision"),
    *("staff_list", "course_list", "price_list"),
)
PRICE_FEN = 12_000


def called(world: World) -> str:
    """An open round; its id."""
    body = {
        "title": "2026 学年",
        "valid_until": world.first_day + timedelta(days=300),
        "procurement": "GOVERNMENT_PURCHASE",
        "procurement_ref": "鹤采〔2026〕12号",
    }
    return str(world.as_("district_admin").post(f"{V}/selection-rounds", body)["id"])


def wanted(round_id: str, **changes: Any) -> dict[str, Any]:
    """The body of an application for a science club."""
    return {
        "round_id": round_id,
        "name": "某科技中心",
        "credit_code": "91110000600037341L",
        "kind": "TRAINING_INSTITUTION_NON_SUBJECT",
        "dossier": dict.fromkeys(PAPERS, "档案室"),
        "offers": [{"content_type": "SCIENCE", "price_fen": PRICE_FEN}],
    } | changes


def applied(world: World, round_id: str, represented_by: UUID, **changes: Any) -> str:
    """A provider that applied; its id."""
    admin = world.as_("provider_admin", person=represented_by)
    return str(admin.post(f"{V}/providers", wanted(round_id, **changes))["id"])


def whitelisted(world: World, represented_by: UUID, *, day: int = 10, **changes: Any) -> str:
    """A provider on the whitelist, on the term's n-th day; its id."""
    round_id, admin = called(world), world.as_("district_admin")
    provider = applied(world, round_id, represented_by, **changes)
    admin.post(f"{V}/selection-rounds/{round_id}/close")
    admin.post(f"{V}/providers/{provider}/select", {"evidence_ref": "评审记录"})
    for step in ("review", "publicize"):
        admin.post(f"{V}/selection-rounds/{round_id}/{step}")
    world.set_time(world.at(8, day=day))
    admin.post(f"{V}/selection-rounds/{round_id}/confirm")
    return provider


def terms(world: World, school: UUID, provider: str, **changes: Any) -> dict[str, Any]:
    """The body of a contract for a hundred days."""
    return {
        "school_id": school,
        "provider_id": provider,
        "content_type": "SCIENCE",
        "price_fen": PRICE_FEN,
        "starts_on": world.first_day,
        "ends_on": world.first_day + timedelta(days=100),
        "need_ref": "校务会纪要",
    } | changes


def contracted(world: World, school: UUID, provider: str, represented_by: UUID) -> str:
    """A contract in force; its id."""
    path = f"{V}/provider-contracts"
    contract = world.as_("academic_affairs", school=school).post(path, terms(world, school, provider))["id"]
    world.as_("principal", school=school, person=new_id()).post(f"{path}/{contract}/sign")
    world.as_("provider_admin", person=represented_by).post(f"{path}/{contract}/sign")
    return str(contract)


@dataclass
class Leaving:
    """A provider with a contract and a coach on the roster of one school, two weeks ahead."""

    world: World
    school: UUID
    owner: UUID
    item: UUID
    provider: str
    contract: str
    coach: UUID
    sessions: list[UUID]
    """The item's, one a day from the first day on; the coach is assigned from the fifteenth on."""

    def exit(self, reason_code: str = "DISRUPTING_ORDER", *, expect: int = 200, **changes: Any) -> Any:
        """The district lets it leave."""
        body = {"reason_code": reason_code, "evidence_ref": "处理决定"} | changes
        return self.world.as_("district_admin").post(f"{V}/providers/{self.provider}/exit", body, expect=expect)

    def waits_for(self) -> list[str]:
        """What the exit waits for, as the district sees it."""
        return list(self.world.as_("district_admin").get(f"{V}/providers/{self.provider}/exit")["waits_for"])

    def state(self) -> str:
        """The provider's."""
        return str(self.world.as_("district_admin").get(f"{V}/providers/{self.provider}")["state"])

    def assignments(self) -> Counter[str]:
        """How many of the coach's there are in each state."""
        found = self.world.as_("academic_affairs").all(f"{V}/assignments", person_id=self.coach)
        return Counter(one["state"] for one in found)


def serving(world: World, school: UUID, *, provider: str | None = None, owner: UUID | None = None) -> Leaving:
    """A provider, or the given one, that serves at a school."""
    owner, item = owner or new_id(), new_id()
    provider = provider or whitelisted(world, owner)
    contract, person = contracted(world, school, provider, owner), coach(world, provider, owner)
    sessions = staff.sessions(world, school, days=20, content_type="SCIENCE", item=item)
    body = {"person_id": person, "session_ids": sessions[14:], "role": "ASSIST"}
    world.as_("academic_affairs", school=school).post(f"{V}/assignments", body)
    return Leaving(world, school, owner, item, provider, contract, person, sessions)


def coach(world: World, provider: str, represented_by: UUID) -> UUID:
    """A cleared person of a provider's staff."""
    admin = world.as_("provider_admin", person=represented_by)
    person = UUID(admin.post(f"{V}/people", {"category": "PROVIDER_STAFF", "provider_id": provider})["id"])
    admin.post(f"{V}/people/{person}/start-review", {"consent": True})
    for kind in staff.PROVIDER_CHECKS:
        staff.record_check(world, person, kind, "CLEAR")
    world.as_("vetting_officer").post(f"{V}/people/{person}/clear")
    return person

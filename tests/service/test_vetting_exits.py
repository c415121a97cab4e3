"""Providers leave: off every roster at once, and gone only when nothing is left (S4, INV-VET-06, -07, -08)."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import SessionCancelled, SessionClosed
from shared.contracts.enrollment import ProviderItemsDelisted
from shared.contracts.finance import ItemRefundsClosed, ProviderSettlementClosed
from shared.contracts.vetting import (
    AssignmentsRemoved,
    GatePassesRevoked,
    ProviderContractTerminated,
    ProviderExited,
    ProviderExiting,
    SubstitutesRequested,
)
from shared.events import Event
from shared.ids import new_id
from tests.builders import providers, staff
from tests.builders.providers import Leaving, V
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy("p2-anhui")
    world.publish_calendar(100)
    world.pin_plan()
    return world


@pytest.fixture
def serving(district: World) -> Leaving:
    return providers.serving(district, district.schools[0])


def held(leaving: Leaving, session: UUID) -> SessionClosed:
    world = leaving.world
    return SessionClosed(
        **owner(leaving),
        session_id=session,
        group_id=new_id(),
        item_id=leaving.item,
        term_id=world.term,
        on=world.first_day,
        opened_at=world.at(16),
        closed_at=world.at(17),
        expected_count=1,
        present_count=1,
        learning_minutes=0,
        revision=1,
    )


def cancelled(leaving: Leaving, session: UUID) -> SessionCancelled:
    world = leaving.world
    return SessionCancelled(
        **owner(leaving),
        session_id=session,
        group_id=new_id(),
        item_id=leaving.item,
        term_id=world.term,
        on=world.first_day,
        cause="GROUP_CLOSED",
    )


def owner(leaving: Leaving) -> dict[str, UUID]:
    return {"district_id": leaving.world.district, "school_id": leaving.school}


def delisted(leaving: Leaving) -> ProviderItemsDelisted:
    provider_id = UUID(leaving.provider)
    return ProviderItemsDelisted(district_id=leaving.world.district, provider_id=provider_id, item_ids=(leaving.item,))


def settled(leaving: Leaving, session_count: int) -> ProviderSettlementClosed:
    return ProviderSettlementClosed(
        **owner(leaving),
        settlement_id=new_id(),
        provider_id=UUID(leaving.provider),
        term_id=leaving.world.term,
        session_count=session_count,
        amount_fen=session_count * providers.PRICE_FEN,
    )


def refunded(leaving: Leaving) -> ItemRefundsClosed:
    return ItemRefundsClosed(**owner(leaving), item_id=leaving.item, term_id=leaving.world.term)


def said_since(world: World, before: int) -> list[type[Event]]:
    return [type(event) for event in world.said("vetting")[before:]]


@pytest.mark.clause("P2-5.2.6")
def test_an_urgent_exit_takes_all_staff_off_every_roster_of_the_district_at_once(serving: Leaving) -> None:
    world = serving.world
    there = providers.serving(world, world.schools[1], provider=serving.provider, owner=serving.owner)
    for one in (serving, there):
        wanted = {"person_id": one.coach, "school_id": one.school, "on": world.at(8, day=15).date()}
        world.as_("academic_affairs", school=one.school).post(f"{V}/gate-passes", wanted)
    before = len(world.said("vetting"))
    serving.exit("DISRUPTING_ORDER")
    assert serving.assignments() == there.assignments() == Counter(REMOVED=6)
    said = Counter(said_since(world, before))
    assert said == Counter(
        {
            ProviderExiting: 1,
            AssignmentsRemoved: 2,
            SubstitutesRequested: 2,
            GatePassesRevoked: 2,
            ProviderContractTerminated: 2,
        }
    )
    assert said_since(world, before)[0] is ProviderExiting
    admin = world.as_("district_admin")
    assert {one["state"] for one in admin.all(f"{V}/provider-contracts")} == {"ENDED"}
    removed = world.read("vetting", "SELECT DISTINCT cause FROM assignments WHERE district_id = :d", d=world.district)
    assert removed == [("PROVIDER_EXIT",)]


def test_each_vacancy_of_an_exit_is_sought_for_once(serving: Leaving) -> None:
    serving.exit()
    requests = serving.world.as_("academic_affairs").all(f"{V}/substitute-requests")
    assert sorted(one["session_id"] for one in requests) == sorted(map(str, serving.sessions[14:]))


def test_before_its_last_day_a_provider_serves_on_and_agrees_to_nothing_new(serving: Leaving) -> None:
    world = serving.world
    leaves_on = world.first_day + timedelta(days=17)
    assert serving.exit("LOW_QUALITY", effective_on=leaves_on)["state"] == "EXITING"
    assert serving.assignments() == Counter(CONFIRMED=3, REMOVED=3)
    office = world.as_("academic_affairs", school=serving.school)
    terms = providers.terms(world, serving.school, serving.provider)
    assert office.refused(f"{V}/provider-contracts", terms)["code"] == "provider_not_whitelisted"
    body = {"person_id": serving.coach, "session_ids": serving.sessions[12:13], "role": "ASSIST"}
    assert office.refused(f"{V}/assignments", body)["code"] == "provider_not_whitelisted"
    contract = {"id": serving.contract, "state": "ACTIVE"}
    assert contract.items() <= office.get(f"{V}/provider-contracts")["items"][0].items()
    world.set_time(world.at(0, 1, day=17))
    world.run_timers("vetting")
    found = office.get(f"{V}/provider-contracts")["items"][0]
    assert (found["state"], found["ends_on"]) == ("ENDED", (leaves_on - timedelta(days=1)).isoformat())


def test_a_contract_that_was_not_signed_before_the_exit_is_never_in_force(serving: Leaving) -> None:
    world = serving.world
    school = world.schools[1]
    terms = providers.terms(world, school, serving.provider)
    draft = world.as_("academic_affairs", school=school).post(f"{V}/provider-contracts", terms)["id"]
    world.as_("principal", school=school, person=new_id()).post(f"{V}/provider-contracts/{draft}/sign")
    serving.exit()
    signs = world.as_("provider_admin", person=serving.owner)
    assert signs.refused(f"{V}/provider-contracts/{draft}/sign")["code"] == "provider_not_whitelisted"


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("LOW_QUALITY", marks=pytest.mark.clause("P2-5.2.7")),
        pytest.param("RECRUITING_ON_CAMPUS", marks=pytest.mark.clause("P2-5.2.8")),
        pytest.param("NOT_AS_PRESCRIBED", marks=pytest.mark.clause("P2-5.2.9")),
        pytest.param("DISRUPTING_ORDER", marks=pytest.mark.clause("P2-5.2.10")),
    ],
)
def test_a_provider_leaves_for_each_reason_of_the_plan(serving: Leaving, reason: str) -> None:
    found = serving.exit(reason, effective_on=serving.world.at(8, day=12).date())
    assert (found["state"], found["exit_reason"]) == ("EXITING", reason)
    assert "CONFIRMED" not in serving.assignments()


def test_an_exit_needs_a_reason_of_the_list_evidence_and_a_day_that_has_not_been(serving: Leaving) -> None:
    problem = serving.exit("DISLIKED", expect=409)
    assert (problem["code"], problem["gate"]) == ("exit_reason_unknown", "G-PROVIDER")
    assert {clause["id"] for clause in problem["clauses"]} >= {"P2-5.2.7", "P2-5.2.10"}
    assert serving.exit(evidence_ref="", expect=422)["errors"]["json"].keys() == {"evidence_ref"}
    assert serving.exit("LOW_QUALITY", expect=422)["errors"] == {"effective_on": "required_unless_urgent"}
    past = serving.exit("LOW_QUALITY", effective_on=serving.world.first_day, expect=422)
    assert past["errors"] == {"effective_on": "in_the_past"}
    assert serving.state() == "WHITELISTED"


@pytest.mark.parametrize("role", ["principal", "academic_affairs", "vetting_officer", "inspector"])
def test_only_the_district_lets_a_provider_leave(serving: Leaving, role: str) -> None:
    body = {"reason_code": "DISRUPTING_ORDER", "evidence_ref": "处理决定"}
    caller = serving.world.as_(role)
    assert caller.post(f"{V}/providers/{serving.provider}/exit", body, expect=403)["code"] == "forbidden"


def test_whoever_represents_a_provider_decides_nothing_about_it(serving: Leaving) -> None:
    body = {"reason_code": "DISRUPTING_ORDER", "evidence_ref": "处理决定"}
    owner = serving.world.as_("district_admin", person=serving.owner)
    assert owner.refused(f"{V}/providers/{serving.provider}/exit", body)["code"] == "same_person"


def test_an_exit_is_complete_when_no_item_session_settlement_or_refund_is_left(serving: Leaving) -> None:
    world = serving.world
    world.hear(*(held(serving, session) for session in serving.sessions[:2]))
    serving.exit()
    assert serving.waits_for() == ["listed_items"]
    world.hear(delisted(serving))
    assert serving.waits_for() == ["open_sessions", "unsettled_sessions", "open_refunds"]
    world.hear(*(cancelled(serving, session) for session in serving.sessions[2:]))
    assert serving.waits_for() == ["unsettled_sessions", "open_refunds"]
    world.hear(settled(serving, 1))
    assert serving.waits_for() == ["unsettled_sessions", "open_refunds"]
    world.hear(refunded(serving))
    assert (serving.waits_for(), serving.state()) == (["unsettled_sessions"], "EXITING")
    world.hear(settled(serving, 1))
    assert (serving.waits_for(), serving.state()) == ([], "EXITED")
    assert isinstance(world.said("vetting")[-1], ProviderExited)


def test_what_the_others_say_too_early_is_kept(serving: Leaving) -> None:
    world = serving.world
    world.hear(refunded(serving), settled(serving, 2), *(held(serving, one) for one in serving.sessions[:2]))
    world.hear(*(cancelled(serving, session) for session in serving.sessions[2:]))
    serving.exit()
    assert (serving.waits_for(), serving.state()) == (["listed_items"], "EXITING")
    world.hear(delisted(serving))
    assert serving.state() == "EXITED"


def test_a_provider_has_not_left_before_its_last_day_is_over(serving: Leaving) -> None:
    world = serving.world
    serving.exit("VOLUNTARY", effective_on=world.first_day + timedelta(days=30))
    world.hear(refunded(serving), *(cancelled(serving, session) for session in serving.sessions))
    world.hear(delisted(serving))
    assert serving.state() == "EXITING"
    world.set_time(world.at(0, 1, day=30))
    world.run_timers("vetting")
    assert serving.state() == "EXITED"


def gone(leaving: Leaving, **changes: Any) -> str:
    """The provider has left; a round in which it may apply again."""
    leaving.exit(**changes)
    leaving.world.hear(refunded(leaving), *(cancelled(leaving, session) for session in leaving.sessions))
    leaving.world.hear(delisted(leaving))
    assert leaving.state() == "EXITED"
    return providers.called(leaving.world)


def test_who_left_applies_again_after_the_days_of_cooling_off(serving: Leaving) -> None:
    world = serving.world
    body = providers.wanted(gone(serving))
    again = world.as_("provider_admin", person=serving.owner)
    assert again.refused(f"{V}/providers", body)["code"] == "cooling_off"
    world.set_time(world.at(8, day=10 + 365))
    assert again.post(f"{V}/providers", body)["state"] == "APPLIED"


@pytest.mark.clause("P2-5.2.11")
def test_who_lost_its_qualification_never_applies_again(serving: Leaving) -> None:
    world = serving.world
    body = providers.wanted(gone(serving, reason_code="LICENCE_LOST", is_revoked=True))
    world.set_time(world.at(8, day=3650))
    problem = world.as_("provider_admin", person=serving.owner).refused(f"{V}/providers", body)
    assert (problem["code"], problem["gate"]) == ("qualification_revoked", "G-PROVIDER")
    assert "P2-5.2.11" in [clause["id"] for clause in problem["clauses"]]


@pytest.mark.clause("P2-5.2.11")
def test_a_revoked_qualification_is_reported_to_the_licensing_authority_once(serving: Leaving) -> None:
    admin, path = serving.world.as_("district_admin"), f"{V}/providers/{serving.provider}/report-revocation"
    told, waiting = (
        {"authority": "市场监督管理局", "evidence_ref": "鹤教函〔2026〕8号"},
        f"{V}/providers/unreported-revocations",
    )
    assert admin.refused(path, told)["code"] == "qualification_not_revoked"
    serving.exit("LICENCE_LOST", is_revoked=True)
    assert [one["id"] for one in admin.all(waiting)] == [serving.provider]
    serving.world.as_("oversight_market").post(path, told, expect=403)
    assert serving.world.as_("district_admin", person=serving.owner).refused(path, told)["code"] == "same_person"
    found = admin.post(path, told)
    assert (found["is_revoked"], found["reported_to"], admin.all(waiting)) == (True, "市场监督管理局", [])
    last = admin.get(f"{V}/providers/{serving.provider}/decisions")["items"][-1]
    assert (last["action"], last["evidence_ref"]) == ("report_revocation", "鹤教函〔2026〕8号")
    assert admin.refused(path, told)["code"] == "already_exists"


def test_a_provider_that_leaves_or_was_rejected_names_no_more_staff(serving: Leaving) -> None:
    world, wanted = serving.world, {"category": "PROVIDER_STAFF", "provider_id": serving.provider}
    owner = world.as_("provider_admin", person=serving.owner)
    owner.post(f"{V}/people", wanted)
    serving.exit()
    problem = owner.refused(f"{V}/people", wanted)
    assert (problem["code"], problem["gate"]) == ("provider_not_whitelisted", "G-PROVIDER")
    assert "P2-5.2.4" in [clause["id"] for clause in problem["clauses"]]
    other = new_id()
    applied = providers.applied(world, providers.called(world), other, credit_code="91110108551385082Q")
    newcomer, staff_of_it = world.as_("provider_admin", person=other), wanted | {"provider_id": applied}
    newcomer.post(f"{V}/people", staff_of_it)
    world.as_("district_admin").post(f"{V}/providers/{applied}/reject", {"evidence_ref": "评审记录"})
    assert newcomer.refused(f"{V}/people", staff_of_it)["code"] == "provider_not_whitelisted"


def test_who_is_leaving_does_not_apply_in_the_meantime(serving: Leaving) -> None:
    serving.exit()
    again = serving.world.as_("provider_admin", person=serving.owner)
    assert again.refused(f"{V}/providers", providers.wanted(providers.called(serving.world)))["code"] == "cooling_off"


def test_an_organization_leaves_every_round_that_it_was_selected_in(serving: Leaving) -> None:
    world = serving.world
    other = providers.whitelisted(world, serving.owner, day=16)
    waiting, round_id = providers.called(world), providers.called(world)
    applied = providers.applied(world, waiting, serving.owner)
    chosen = providers.applied(world, round_id, serving.owner)
    admin, evidence = world.as_("district_admin"), {"evidence_ref": "评审记录"}
    admin.post(f"{V}/selection-rounds/{round_id}/close")
    admin.post(f"{V}/providers/{chosen}/select", evidence)
    for step in ("review", "publicize"):
        admin.post(f"{V}/selection-rounds/{round_id}/{step}")
    serving.exit()
    assert admin.get(f"{V}/providers/{other}")["state"] == "EXITING"
    assert admin.refused(f"{V}/providers/{applied}/select", evidence)["code"] == "cooling_off"
    world.set_time(world.at(8, day=22))
    assert admin.refused(f"{V}/selection-rounds/{round_id}/confirm")["code"] == "cooling_off"
    admin.post(f"{V}/providers/{chosen}/reject", evidence)
    admin.post(f"{V}/selection-rounds/{round_id}/confirm")


def test_what_a_contract_carried_ends_with_it_and_nothing_else(serving: Leaving) -> None:
    world = serving.world
    there = providers.serving(world, world.schools[1], provider=serving.provider, owner=serving.owner)
    wanted = {"person_id": serving.coach, "school_id": serving.school, "on": world.at(8, day=15).date()}
    world.as_("academic_affairs", school=serving.school).post(f"{V}/gate-passes", wanted)
    principal = world.as_("principal", school=serving.school, person=new_id())
    ended = principal.post(f"{V}/provider-contracts/{serving.contract}/terminate")
    assert (ended["state"], ended["ends_on"]) == ("ENDED", world.at(8, day=10).date().isoformat())
    assert serving.assignments() == Counter(REMOVED=6)
    assert there.assignments() == Counter(CONFIRMED=6)
    passes = world.as_("academic_affairs").get(f"{V}/gate-passes", person_id=serving.coach)["items"]
    assert [one["state"] for one in passes] == ["REVOKED"]
    assert isinstance(world.said("vetting")[-1], ProviderContractTerminated)


def test_a_second_contract_for_the_same_keeps_the_assignments(serving: Leaving) -> None:
    world = serving.world
    providers.contracted(world, serving.school, serving.provider, serving.owner)
    principal = world.as_("principal", school=serving.school, person=new_id())
    principal.post(f"{V}/provider-contracts/{serving.contract}/terminate")
    assert serving.assignments() == Counter(CONFIRMED=6)


def test_a_contract_ends_by_itself_after_its_last_day(serving: Leaving) -> None:
    world = serving.world
    world.set_time(world.at(23, 59, day=100))
    world.run_timers("vetting")
    contracts = world.as_("district_admin").all(f"{V}/provider-contracts")
    assert [one["state"] for one in contracts] == ["ACTIVE"]
    world.set_time(world.at(0, 1, day=101))
    world.run_timers("vetting")
    (found,) = world.as_("district_admin").all(f"{V}/provider-contracts")
    assert (found["state"], found["ends_on"]) == ("ENDED", (world.first_day + timedelta(days=100)).isoformat())


def test_an_evidence_of_a_decision_is_never_changed(serving: Leaving) -> None:
    serving.exit()
    decisions = serving.world.as_("district_admin").get(f"{V}/providers/{serving.provider}/decisions")["items"]
    assert [(one["action"], one["evidence_ref"]) for one in decisions] == [("select", "评审记录"), ("exit", "处理决定")]
    with pytest.raises(Exception, match="append-only"):
        serving.world.change("vetting", "UPDATE decisions SET evidence_ref = '' WHERE true")


def test_a_persons_block_still_takes_nobody_else_off(serving: Leaving) -> None:
    world = serving.world
    there = providers.serving(world, world.schools[1], provider=serving.provider, owner=serving.owner)
    staff.record_check(world, serving.coach, "SEX_OFFENCE_QUERY", "HIT")
    assert (serving.assignments(), there.assignments()) == (Counter(REMOVED=6), Counter(CONFIRMED=6))

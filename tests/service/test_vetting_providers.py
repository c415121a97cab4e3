"""Third parties: who selects them, who may be contracted, and when their staff may serve (G-PROVIDER, D2)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.vetting import ProviderContractActivated, ProviderWhitelisted
from shared.ids import new_id
from tests.builders import providers, staff
from tests.builders.providers import V
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    """A district whose plan lets schools contract third parties."""
    return ruled_by(world, "p2-anhui")


def ruled_by(world: World, base: str) -> World:
    world.publish_policy(base)
    world.publish_calendar(100)
    world.pin_plan()
    return world


def cited(problem: dict[str, Any]) -> list[str]:
    return [clause["id"] for clause in problem["clauses"]]


@pytest.mark.clause("P5-3.5.9")
def test_where_the_plan_forbids_them_no_training_institution_can_even_apply(world: World) -> None:
    ruled_by(world, "p5-hebi")
    body = providers.wanted(providers.called(world))
    problem = world.as_("provider_admin", person=new_id()).refused(f"{V}/providers", body)
    assert (problem["gate"], problem["code"], cited(problem)) == (
        "G-PROVIDER",
        "provider_kind_not_allowed",
        ["P5-3.5.9"],
    )


@pytest.mark.clause("P2-5.2.3")
def test_a_training_institution_of_school_subjects_is_never_selected(district: World) -> None:
    body = providers.wanted(providers.called(district), kind="TRAINING_INSTITUTION_SUBJECT")
    problem = district.as_("provider_admin", person=new_id()).refused(f"{V}/providers", body)
    assert problem["code"] == "provider_kind_not_allowed"
    assert "P2-5.2.3" in cited(problem)


@pytest.mark.clause("P2-3.4.8")
def test_a_provider_is_selected_on_a_whole_dossier_only(district: World) -> None:
    round_id, admin = providers.called(district), district.as_("district_admin")
    provider = providers.applied(district, round_id, new_id(), dossier={"licence": "档案室"})
    problem = admin.refused(f"{V}/providers/{provider}/select", {"evidence_ref": "评审记录"})
    assert problem["code"] == "dossier_incomplete"
    admin.post(f"{V}/selection-rounds/{round_id}/close")
    assert admin.refused(f"{V}/selection-rounds/{round_id}/review")["code"] == "applicants_undecided"
    assert admin.post(f"{V}/providers/{provider}/reject", {"evidence_ref": "评审记录"})["state"] == "REJECTED"
    admin.post(f"{V}/selection-rounds/{round_id}/review")


@pytest.mark.clause("P2-5.2.4")
def test_only_the_district_selects(district: World) -> None:
    provider = providers.applied(district, providers.called(district), new_id())
    school = district.as_("principal", school=district.schools[0])
    assert school.post(f"{V}/providers/{provider}/select", {"evidence_ref": "…"}, expect=403)["code"] == "forbidden"


@pytest.mark.clause("P2-5.2.5")
def test_a_school_contracts_only_whom_the_whitelist_names_for_content_price_and_time(district: World) -> None:
    school, owner = district.schools[0], new_id()
    office, path = district.as_("academic_affairs", school=school), f"{V}/provider-contracts"
    fresh = providers.applied(district, providers.called(district), new_id())
    problem = office.refused(path, providers.terms(district, school, fresh))
    assert (problem["code"], "P2-5.2.4" in cited(problem)) == ("provider_not_whitelisted", True)
    provider = providers.whitelisted(district, owner)
    late = {"ends_on": district.first_day + timedelta(days=400)}
    for changes, code in (
        (late, "provider_not_whitelisted"),
        ({"content_type": "ART"}, "content_not_whitelisted"),
        ({"price_fen": providers.PRICE_FEN + 1}, "price_above_whitelist"),
        ({"need_ref": None}, "need_not_stated"),
    ):
        assert office.refused(path, providers.terms(district, school, provider, **changes))["code"] == code
    providers.contracted(district, school, provider, owner)
    said = district.said("vetting")
    assert [event.provider_id for event in said if isinstance(event, ProviderWhitelisted)] == [UUID(provider)]
    assert [event.represented_by for event in said if isinstance(event, ProviderContractActivated)] == [owner]


@pytest.mark.clause("P2-5.2.1")
def test_the_need_for_a_third_party_is_stated_first(district: World) -> None:
    school, provider = district.schools[0], providers.whitelisted(district, new_id())
    office = district.as_("academic_affairs", school=school)
    problem = office.refused(f"{V}/provider-contracts", providers.terms(district, school, provider, need_ref=None))
    assert cited(problem) == ["P2-5.2.1"]


def test_a_providers_staff_serve_only_where_it_is_contracted_for_that_content(district: World) -> None:
    here, elsewhere, owner = district.schools[0], district.schools[1], new_id()
    provider = providers.whitelisted(district, owner)
    providers.contracted(district, here, provider, owner)
    person = providers.coach(district, provider, owner)

    def assign(school: UUID, content_type: str, *, expect: int = 201) -> Any:
        sessions = staff.sessions(district, school, days=20, content_type=content_type)[14:]
        body = {"person_id": person, "session_ids": sessions, "role": "ASSIST"}
        return district.as_("academic_affairs", school=school).post(f"{V}/assignments", body, expect=expect)

    assert assign(elsewhere, "SCIENCE", expect=409)["code"] == "provider_not_contracted"
    assert assign(here, "READING", expect=409)["code"] == "provider_not_contracted"
    assign(here, "SCIENCE")


def test_whoever_represents_a_provider_sees_and_names_staff_of_that_one_alone(district: World) -> None:
    owner, stranger = new_id(), new_id()
    provider = providers.whitelisted(district, owner)
    other = district.as_("provider_admin", person=stranger)
    assert other.get(f"{V}/providers")["items"] == []
    body = {"category": "PROVIDER_STAFF", "provider_id": provider}
    assert other.post(f"{V}/people", body, expect=404)["code"] == "not_found"
    fields = other.post(f"{V}/people", {"category": "PROVIDER_STAFF"}, expect=422)["errors"]
    assert fields == {"provider_id": "required_for_provider_staff"}

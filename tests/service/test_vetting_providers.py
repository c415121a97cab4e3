"""Third parties: who selects them, who may be contracted, and when their staff may serve (G-PROVIDER, D2)."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from shared.contracts.vetting import (
    ProviderContractActivated,
    ProviderEvaluationCompleted,
    ProviderPutOnNotice,
    ProviderRejected,
    ProviderWhitelisted,
)
from shared.ids import new_id
from shared.policy import effective
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
    assert isinstance(district.said("vetting")[-1], ProviderRejected)
    admin.post(f"{V}/selection-rounds/{round_id}/review")


@pytest.mark.clause("P2-5.2.4")
def test_only_the_district_selects(district: World) -> None:
    provider = providers.applied(district, providers.called(district), new_id())
    school = district.as_("principal", school=district.schools[0])
    assert school.post(f"{V}/providers/{provider}/select", {"evidence_ref": "…"}, expect=403)["code"] == "forbidden"


@pytest.mark.clause("P2-5.2.2")
def test_a_round_says_by_which_way_of_buying_and_under_which_document_it_is_called(district: World) -> None:
    admin, path = district.as_("district_admin"), f"{V}/selection-rounds"
    body = {"title": "2026 学年", "valid_until": district.first_day + timedelta(days=300)}
    bought = {"procurement": "GOVERNMENT_PURCHASE", "procurement_ref": "鹤采〔2026〕12号"}
    assert admin.post(path, body, expect=422)["errors"]["json"].keys() == bought.keys()
    admin.post(path, body | bought | {"procurement": "GIFT"}, expect=422)
    called = admin.post(path, body | bought)
    admin.post(path, body | bought | {"procurement": "OPEN_CALL"})
    assert called.items() >= bought.items()
    assert admin.all(path, procurement="GOVERNMENT_PURCHASE") == [called]


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


# Who is never selected


@pytest.mark.parametrize("base", ["p1-jinan", "p2-anhui", "p3-shanghai", "p4-shuangjing", "p5-hebi"])
def test_which_kinds_may_apply_is_the_profiles_to_say(world: World, base: str) -> None:
    """D2: P5 forbids training institutions, P2 takes those without school subjects, the others name nobody."""
    ruled_by(world, base)
    round_id = providers.called(world)
    policy = effective(base)
    allowed = {*policy.value("provider.training_institutions"), *policy.value("provider.partner_orgs")}
    assert ("TRAINING_INSTITUTION_NON_SUBJECT" in allowed) == (base == "p2-anhui")
    assert ("SCIENCE_MUSEUM" in allowed) == (base in ("p2-anhui", "p5-hebi"))
    for number, kind in enumerate(
        ("TRAINING_INSTITUTION_NON_SUBJECT", "TRAINING_INSTITUTION_SUBJECT", "SCIENCE_MUSEUM")
    ):
        body = providers.wanted(round_id, kind=kind, credit_code=CREDIT_CODES[number])
        answer = world.as_("provider_admin", person=new_id()).post(f"{V}/providers", body, expect=(201, 409))
        assert answer.get("code") == (None if kind in allowed else "provider_kind_not_allowed"), kind


CREDIT_CODES = ("91110000600037341L", "91110000802100433B", "91350100M000100Y43")


@pytest.mark.clause("P2-3.4.7")
def test_only_organizations_of_the_plans_kinds_may_apply(district: World) -> None:
    owner = district.as_("provider_admin", person=new_id())
    for kind in ("CHILDRENS_PALACE", "YOUTH_CENTRE", "WOMEN_CHILD_CENTRE", "SCIENCE_MUSEUM", "COMMUNITY_CENTRE"):
        owner.post(f"{V}/providers", providers.wanted(providers.called(district), kind=kind))
    problem = owner.refused(f"{V}/providers", providers.wanted(providers.called(district), kind="TOY_SHOP"))
    assert (problem["code"], "P2-3.4.7" in cited(problem)) == ("provider_kind_not_allowed", True)


@pytest.mark.clause("P2-5.2.13")
@pytest.mark.parametrize("content_type", ["HOMEWORK_TUTORING", "QA", "REMEDIAL_INDIVIDUAL"])
def test_no_third_party_offers_to_teach_school_subjects(district: World, content_type: str) -> None:
    offers = [{"content_type": content_type, "price_fen": 1}]
    body = providers.wanted(providers.called(district), offers=offers)
    problem = district.as_("provider_admin", person=new_id()).refused(f"{V}/providers", body)
    assert (problem["code"], "P2-5.2.13" in cited(problem)) == ("content_forbidden_to_third_party", True)


@pytest.mark.clause("P2-5.4.8")
def test_who_was_not_reviewed_by_the_procedure_comes_into_no_school(district: World) -> None:
    owner, school = new_id(), district.schools[0]
    provider = providers.applied(district, providers.called(district), owner)
    person = providers.coach(district, provider, owner)
    office = district.as_("academic_affairs", school=school)
    body = {"person_id": person, "role": "ASSIST"}
    body |= {"session_ids": staff.sessions(district, school, days=1, content_type="SCIENCE")}
    problem = office.refused(f"{V}/assignments", body)
    assert (problem["code"], problem["gate"]) == ("provider_not_whitelisted", "G-PROVIDER")
    wanted = {"person_id": person, "school_id": school, "on": district.first_day}
    assert office.refused(f"{V}/gate-passes", wanted)["gate"] == "G-GATE"


@pytest.mark.clause("P2-5.4.7")
@pytest.mark.parametrize("record", ["ORG_ABNORMAL_OPERATION", "ORG_SERIOUS_ILLEGALITY", "DISTRICT_BAN"])
def test_an_organization_with_a_bad_record_is_not_selected(district: World, record: str) -> None:
    provider = providers.applied(district, providers.called(district), new_id())
    body = {"evidence_ref": "公示系统截图", "bad_records": [record]}
    problem = district.as_("district_admin").refused(f"{V}/providers/{provider}/select", body)
    assert (problem["code"], problem["gate"], "P2-5.4.7" in cited(problem)) == (
        "provider_has_record",
        "G-PROVIDER",
        True,
    )


@pytest.mark.parametrize("found_by", ["provider", "review"])
def test_who_was_excluded_elsewhere_within_three_years_is_not_selected(district: World, found_by: str) -> None:
    for age, code in ((3 * 365, "excluded_elsewhere"), (3 * 366, None)):
        excluded = {"excluded_on": (district.first_day - timedelta(days=age)).isoformat()}
        declared = excluded if found_by == "provider" else {}
        provider = providers.applied(district, providers.called(district), new_id(), **declared)
        body = {"evidence_ref": "评审记录"} | (excluded if found_by == "review" else {})
        answer = district.as_("district_admin").post(f"{V}/providers/{provider}/select", body, expect=(200, 409))
        assert answer.get("code") == code


def test_an_exclusion_lies_in_the_past(district: World) -> None:
    body = {"evidence_ref": "评审记录", "excluded_on": "9999-12-31"}
    provider = providers.applied(district, providers.called(district), new_id())
    path = f"{V}/providers/{provider}/select"
    assert district.as_("district_admin").post(path, body, expect=422)["errors"] == {"excluded_on": "in_the_future"}


# Evaluation (V6)


def evaluated(world: World, provider: str, score: int, *, expect: int = 201) -> Any:
    body = {"term_id": world.term, "score": score, "findings": ["课程与方案不符"], "evidence_ref": "评估报告"}
    return world.as_("district_admin").post(f"{V}/providers/{provider}/evaluate", body, expect=expect)


def standing(world: World, provider: str) -> Any:
    return world.as_("district_admin").get(f"{V}/providers/{provider}")


def test_a_good_evaluation_leaves_a_provider_on_the_whitelist(district: World) -> None:
    provider = providers.whitelisted(district, new_id())
    evaluated(district, provider, 60)
    assert standing(district, provider)["state"] == "WHITELISTED"
    last = district.said("vetting")[-1]
    assert isinstance(last, ProviderEvaluationCompleted)
    assert (last.score, last.term_id) == (60, district.term)
    (listed,) = district.as_("principal").get(f"{V}/provider-evaluations", provider_id=provider)["items"]
    assert (listed["score"], listed["findings"]) == (60, ["课程与方案不符"])


def test_a_provider_is_evaluated_once_a_term(district: World) -> None:
    provider = providers.whitelisted(district, new_id())
    evaluated(district, provider, 90)
    assert evaluated(district, provider, 95, expect=409)["code"] == "already_exists"


def test_only_the_district_evaluates_and_only_who_is_listed(district: World) -> None:
    provider = providers.applied(district, providers.called(district), new_id())
    assert evaluated(district, provider, 90, expect=409)["code"] == "illegal_transition"
    body = {"term_id": new_id(), "score": 1, "findings": [], "evidence_ref": "评估报告"}
    office = district.as_("academic_affairs")
    assert office.post(f"{V}/providers/{provider}/evaluate", body, expect=403)["code"] == "forbidden"


def test_a_poor_evaluation_puts_a_provider_on_notice_until_it_has_put_things_right(district: World) -> None:
    owner = new_id()
    provider = providers.whitelisted(district, owner)
    providers.contracted(district, district.schools[0], provider, owner)
    person = providers.coach(district, provider, owner)
    evaluated(district, provider, 59)
    notice = district.said("vetting")[-1]
    by = district.first_day + timedelta(days=40)
    assert isinstance(notice, ProviderPutOnNotice)
    assert (standing(district, provider)["state"], notice.rectify_by) == ("ON_NOTICE", by)
    office = district.as_("academic_affairs", school=district.schools[0])
    terms = providers.terms(district, district.schools[0], provider)
    assert office.refused(f"{V}/provider-contracts", terms)["code"] == "provider_not_whitelisted"
    sessions = staff.sessions(district, district.schools[0], days=20, content_type="SCIENCE")[14:]
    office.post(f"{V}/assignments", {"person_id": person, "session_ids": sessions, "role": "ASSIST"})
    body = {"evidence_ref": "复查记录"}
    found = district.as_("district_admin").post(f"{V}/providers/{provider}/rectify", body)
    assert (found["state"], found["rectify_by"]) == ("WHITELISTED", None)
    assert isinstance(district.said("vetting")[-1], ProviderWhitelisted)
    office.post(f"{V}/provider-contracts", terms)


def test_a_notice_that_ran_out_is_shown_and_decides_nothing(district: World) -> None:
    provider, admin = providers.whitelisted(district, new_id()), district.as_("district_admin")
    body = {"evidence_ref": "检查记录", "rectify_by": district.first_day + timedelta(days=20)}
    admin.post(f"{V}/providers/{provider}/put-on-notice", body)
    district.set_time(district.at(23, 59, day=20))
    district.run_timers("vetting")
    assert standing(district, provider)["overdue_on"] is None
    district.set_time(district.at(0, 1, day=21))
    district.run_timers("vetting")
    overdue = (district.first_day + timedelta(days=21)).isoformat()
    assert [one["id"] for one in admin.get(f"{V}/providers", overdue_on=overdue)["items"]] == [provider]
    assert standing(district, provider)["state"] == "ON_NOTICE"


# The public list


def test_everybody_may_read_who_is_on_the_whitelist_with_contents_and_prices(district: World) -> None:
    path = f"{V}/whitelists/{district.district}"
    providers.applied(district, providers.called(district), new_id())
    assert district.http.get(path).json() == {"items": [], "next": None}
    provider = providers.whitelisted(district, new_id())
    (found,) = district.http.get(path).json()["items"]
    assert found == {
        "id": provider,
        "name": "某科技中心",
        "credit_code": "91110000600037341L",
        "kind": "TRAINING_INSTITUTION_NON_SUBJECT",
        "offers": [{"content_type": "SCIENCE", "price_fen": providers.PRICE_FEN}],
        "valid_until": (district.first_day + timedelta(days=300)).isoformat(),
    }
    assert district.http.get(path, params={"content_type": "ART"}).json()["items"] == []
    assert district.http.get(f"{V}/whitelists/{new_id()}").json()["items"] == []
    district.set_time(district.at(8, day=301))
    assert district.http.get(path).json()["items"] == []


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_district_takes_the_whitelist_away_as_a_file(district: World, form: str) -> None:
    providers.whitelisted(district, new_id())
    reply = district.as_("district_admin").request("GET", f"{V}/whitelist", params={"form": form})
    assert reply.headers["Content-Disposition"] == f'attachment; filename="whitelist.{form}"'
    heading, row = rows_of(reply.content, form)
    assert dict(zip(heading, row, strict=True)) == {
        "name": "某科技中心",
        "credit_code": "91110000600037341L",
        "kind": "TRAINING_INSTITUTION_NON_SUBJECT",
        "state": "WHITELISTED",
        "content_type": "SCIENCE",
        "price_fen": str(providers.PRICE_FEN),
        "valid_until": (district.first_day + timedelta(days=300)).isoformat(),
        "rectify_by": "",
    }
    school = district.as_("principal", school=district.schools[0])
    assert school.get(f"{V}/whitelist", expect=403)["code"] == "forbidden"


def rows_of(content: bytes, form: str) -> list[list[str]]:
    if form == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [[str(value or "") for value in row] for row in sheet.iter_rows(values_only=True)]


def test_who_leaves_is_on_the_public_list_no_more(district: World) -> None:
    provider = providers.whitelisted(district, new_id())
    body = {"reason_code": "DISRUPTING_ORDER", "evidence_ref": "处理决定"}
    district.as_("district_admin").post(f"{V}/providers/{provider}/exit", body)
    assert district.http.get(f"{V}/whitelists/{district.district}").json()["items"] == []

"""What the packaged profiles say: sound, faithful to the clauses, different where the plans disagree (D1 to D13)."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from shared.policy import base_names, check, cite, effective, flatten, load_base

JINAN, ANHUI, SHANGHAI, SHUANGJING, HEBI = PLANS = (
    "p1-jinan",
    "p2-anhui",
    "p3-shanghai",
    "p4-shuangjing",
    "p5-hebi",
)
ROOT = Path(__file__).parents[2]


def values(path: str) -> dict[str, Any]:
    return {plan: effective(plan).value(path) for plan in PLANS}


@pytest.mark.parametrize("name", [*base_names(), "defaults"])
def test_every_packaged_profile_is_sound(name: str) -> None:
    assert check(name) == []


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_cites_only_clauses_of_its_own(plan: str) -> None:
    prefix = plan.split("-", 1)[0].upper() + "-"
    said = {path: leaf for path, leaf in flatten(load_base(plan)).items() if leaf}
    for path, leaf in said.items():
        assert leaf["clauses"], path
        for clause in leaf["clauses"]:
            assert clause.startswith(prefix), path
            assert cite(clause).quote_zh, path


def test_a_national_base_cites_only_outside_rules() -> None:
    for name in ("cn-2021", "cn-2023"):
        cited = {clause for leaf in flatten(load_base(name)).values() if leaf for clause in leaf["clauses"]}
        assert {clause.split("-")[0] for clause in cited} == {"EXT"}


def test_all_plans_answer_the_same_questions_and_the_defaults_know_them_all() -> None:
    asked = {plan: set(flatten(load_base(plan))) for plan in PLANS}
    assert len({frozenset(keys) for keys in asked.values()}) == 1
    assert asked[HEBI] <= set(flatten(load_base("defaults")))


@pytest.mark.parametrize("plan", PLANS)
def test_every_question_has_an_answer_or_binds_nobody(plan: str) -> None:
    policy = effective(plan)
    unanswered = {path for path in policy.document if policy.value(path) is None}
    assert unanswered <= {
        "club_days", "content.learning_activity_max_periods", "duration.max_minutes", "duration.min_minutes",
        "effective_from", "end.earliest", "end.latest.junior", "end.latest.primary", "end.ordinary",
        "extended_care.latest_end", "fee.combined_term_cap_fen", "fee.item_cap_fen", "grade_courses",
        "grades_1_2.mode", "homework_subjects", "pay.rate_max_fen_per_period", "period_slot", "reconfirm_by",
        "records.weekly_log", "safety.duty_staff", "signup_close", "spend.people_share_min_bp",
        "subsidy.cap_per_pupil_year_fen",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "silent"),
    [
        ("fee.refund_rule", PLANS),
        ("fee.allowed", (JINAN, SHUANGJING)),
        ("service_days", (SHUANGJING,)),
        ("survey_all_pupils", (JINAN, ANHUI, SHANGHAI, SHUANGJING)),
        ("plan.filing", (JINAN, SHANGHAI, SHUANGJING)),
        ("staff.ethics_block", (JINAN, SHANGHAI, SHUANGJING, HEBI)),
        ("staff.bad_record_block", (JINAN, SHANGHAI, SHUANGJING)),
        ("content.learning_activity_max_periods", (JINAN, ANHUI, SHANGHAI, SHUANGJING)),
        ("duration.max_minutes", (JINAN, ANHUI, SHANGHAI, SHUANGJING)),
        ("records.weekly_log", (ANHUI, SHANGHAI, HEBI)),
    ],
)
def test_where_a_plan_is_silent_it_stays_null_and_is_reported_as_silent(path: str, silent: tuple[str, ...]) -> None:
    assert {plan for plan in PLANS if flatten(load_base(plan))[path] is None} == set(silent)
    assert {plan for plan in PLANS if effective(plan).is_silent(path)} == set(silent)


@pytest.mark.parametrize("path", ["staff.ethics_block", "staff.bad_record_block"])
def test_where_a_plan_is_silent_on_bad_records_the_law_still_blocks(path: str) -> None:
    assert set(values(path).values()) == {True}


@pytest.mark.parametrize(
    ("path", "plan", "soft"),
    [
        ("end.latest.primary", ANHUI, True),
        ("end.latest.junior", HEBI, True),
        ("duration.max_minutes", HEBI, True),
        ("service_days", ANHUI, True),
        ("service_days", JINAN, False),
        ("end.ordinary", SHANGHAI, False),
        ("extended_care.latest_end", SHANGHAI, False),
        ("content.learning_activity_max_periods", HEBI, False),
        ("fee.period", ANHUI, True),
        ("fee.cross_term_prepay", ANHUI, False),
    ],
)
def test_in_principle_and_never_are_told_apart(path: str, plan: str, soft: bool) -> None:
    assert effective(plan).is_soft(path) is soft


DISAGREEMENTS = {
    "D1 fee": ("fee.allowed", {JINAN: False, ANHUI: True, SHANGHAI: False, SHUANGJING: False, HEBI: True}),
    "D1 free grades": (
        "fee.free_grades",
        {JINAN: [1, 2], ANHUI: [], SHANGHAI: [1, 2, 3, 4, 5, 6], SHUANGJING: [1, 2], HEBI: []},
    ),
    "D2 training institutions": (
        "provider.training_institutions",
        {JINAN: [], ANHUI: ["TRAINING_INSTITUTION_NON_SUBJECT"], SHANGHAI: [], SHUANGJING: [], HEBI: []},
    ),
    "D3 primary": (
        "end.latest.primary",
        {JINAN: None, ANHUI: "18:00", SHANGHAI: "18:00", SHUANGJING: None, HEBI: "18:00"},
    ),
    "D3 junior": (
        "end.latest.junior",
        {JINAN: None, ANHUI: "18:00", SHANGHAI: None, SHUANGJING: None, HEBI: "18:30"},
    ),
    "D7 clubs": ("start_week.clubs", {JINAN: 1, ANHUI: 1, SHANGHAI: 3, SHUANGJING: 1, HEBI: 1}),
    "D8 filing": (
        "plan.filing",
        {JINAN: "none", ANHUI: "review_and_file", SHANGHAI: "none", SHUANGJING: "none", HEBI: "file"},
    ),
    "D9 care": (
        "may_refuse.care",
        {JINAN: "never", ANHUI: "never", SHANGHAI: "review", SHUANGJING: "never", HEBI: "never"},
    ),
    "D9 clubs": (
        "may_refuse.clubs",
        {JINAN: "never", ANHUI: "never", SHANGHAI: "capacity", SHUANGJING: "never", HEBI: "never"},
    ),
    "D10 waiver": (
        "fee.waiver",
        {plan: "free" if plan == HEBI else "reduce_or_waive" for plan in PLANS},
    ),
    "D11 venue": (
        "venue.scope",
        {plan: ["on_campus", "off_campus"] if plan == HEBI else ["on_campus"] for plan in PLANS},
    ),
    "D12 learning": (
        "content.learning_activity_max_periods",
        {plan: 1 if plan == HEBI else None for plan in PLANS},
    ),
    "D13 grouping": (
        "grouping.care",
        {
            JINAN: "by_class",
            ANHUI: "any",
            SHANGHAI: "mixed_age",
            SHUANGJING: "by_class",
            HEBI: "by_stage_and_age",
        },
    ),
}


@pytest.mark.parametrize(("path", "expected"), DISAGREEMENTS.values(), ids=DISAGREEMENTS.keys())
def test_the_plans_differ_where_the_matrix_says_so(path: str, expected: dict[str, Any]) -> None:
    assert values(path) == expected


def test_d4_every_plan_has_its_own_chain_of_review() -> None:
    chains = {plan: [step["step"] for step in effective(plan).value("review_chain.care")] for plan in PLANS}
    assert chains == {
        JINAN: ["submit", "class_review", "school_review"],
        ANHUI: ["submit"],
        SHANGHAI: ["register_oral", "prelim_review", "issue_form", "submit_form", "school_review"],
        SHUANGJING: ["submit"],
        HEBI: ["submit", "class_review", "school_review"],
    }
    assert effective(SHANGHAI).value("review_chain.clubs") == [{"step": "submit", "role": "guardian"}]


def test_d5_who_may_come_from_outside_is_each_plans_own_list() -> None:
    outside = {plan: set(listed) for plan, listed in values("staff.external_categories").items()}
    assert outside[JINAN] == {"PARENT", "VOLUNTEER", "PEER_HELPER"}
    assert len(outside[ANHUI]) == 8
    assert len(outside[HEBI]) == 7
    assert outside[ANHUI] - outside[HEBI] == {"UNIVERSITY_STUDENT", "SPORTS_COACH", "CIVIC_MINDED"}
    assert outside[HEBI] - outside[ANHUI] == {"ARTS_SPORTS_WORKER", "SCIENCE_COMMUNICATOR"}
    assert outside[SHUANGJING] == set()


@pytest.mark.parametrize("plan", PLANS)
def test_whoever_may_serve_has_checks_and_kinds_of_contract(plan: str) -> None:
    policy = effective(plan)
    allowed = {*policy.value("staff.internal_categories"), *policy.value("staff.external_categories")}
    if policy.value("provider.training_institutions") or policy.value("provider.partner_orgs"):
        allowed.add("PROVIDER_STAFF")
    assert allowed <= set(policy.value("checks.required"))
    assert allowed <= set(policy.value("staff.contract_kinds"))


def test_d9_lack_of_places_is_a_reason_only_where_the_plan_may_refuse_for_it() -> None:
    for plan in PLANS:
        for stream in ("care", "clubs"):
            policy = effective(plan)
            reasons = policy.value(f"reject_reasons.{stream}")
            assert ("CAPACITY" in reasons) == (policy.value(f"may_refuse.{stream}") == "capacity")


def test_late_pickup_escalates_forwards_only() -> None:
    late = effective("cn-2023").section("late_pickup")
    steps = ["case", "second_contact", "duty_leader", "principal", "outside_help"]
    assert [late[f"{step}_minutes"] for step in steps] == [10, 20, 30, 60, 120]


def test_the_clause_register_is_whole() -> None:
    rows = (ROOT / "shared/policy/clauses.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 404


def test_no_code_knows_a_plan() -> None:
    """A docstring may name the clause that it serves; no value in the code may."""
    named = re.compile(r"\bP[1-5]-|" + "|".join(map(re.escape, PLANS)))
    files = [path for folder in ("shared", "services") for path in (ROOT / folder).rglob("*.py")]
    found = {f"{path}: {text}" for path in files for text in _strings(path) if named.search(text)}
    assert len(files) > 5
    assert found == set()


def _strings(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone)
    return [node.value for node in constants if isinstance(node.value, str)]

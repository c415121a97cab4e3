"""Loading, laying over, hashing, comparing and citing: the mechanics of a policy document."""

import json

import pytest
import yaml

from shared.policy import Policy, base_names, check, cite, diff, effective, load_base
from shared.policy import load as loading

LEAF = {"value": "18:00", "clauses": ["P5-3.2.3"], "strict": "principle", "from": "plan"}


def test_the_hash_of_a_document_is_the_same_for_ever() -> None:
    policy = Policy.from_document(
        "demo", 3, {"end": {"latest": {"primary": LEAF}}, "basis_docs": {**LEAF, "value": ["文"]}}
    )
    assert policy.sha256 == "69cd8c4f706e79a2b66b2051812312bcb02db9866603ce4e86554599d3fd612c"


def test_the_hash_does_not_depend_on_the_order_of_keys_or_on_a_trip_over_the_wire() -> None:
    policy = effective("p5-hebi", version=2)
    arrived = dict(reversed(json.loads(json.dumps(dict(policy.document))).items()))
    assert Policy.from_document("p5-hebi", 2, arrived).sha256 == policy.sha256


@pytest.mark.parametrize(
    ("profile_id", "version", "change"),
    [("other", 1, {}), ("demo", 2, {}), ("demo", 1, {"value": "18:01"}), ("demo", 1, {"from": "overlay"})],
)
def test_the_hash_tells_every_difference(profile_id: str, version: int, change: dict[str, str]) -> None:
    first = Policy("demo", 1, {"end.earliest": LEAF})
    assert Policy(profile_id, version, {"end.earliest": {**LEAF, **change}}).sha256 != first.sha256


def test_an_unknown_key_is_named_in_the_error() -> None:
    policy = effective("p5-hebi", version=4)
    for ask in (policy.value, policy.clauses, policy.is_soft, policy.is_silent):
        with pytest.raises(KeyError, match=r"p5-hebi@4.*end\.latets"):
            ask("end.latets")


def test_an_unknown_profile_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(KeyError, match="p5-hebi"):
        load_base("../secrets")


def test_the_defaults_are_no_profile_to_start_from() -> None:
    assert "defaults" not in base_names()
    assert len(base_names()) == 7


def test_a_loaded_base_may_be_changed_without_harm() -> None:
    load_base("p5-hebi")["end"]["latest"]["primary"]["value"] = "23:00"
    assert effective("p5-hebi").value("end.latest.primary") == "18:00"


def test_a_silent_key_takes_the_default_and_says_so() -> None:
    policy = effective("p5-hebi")
    assert load_base("p5-hebi")["fee"]["refund_rule"] is None
    assert policy.value("fee.refund_rule") == "daily_prorata"
    assert policy.clauses("fee.refund_rule") == ("EXT-REFUND",)
    assert policy.is_silent("fee.refund_rule")
    assert not policy.is_silent("fee.allowed")
    assert policy.clauses("fee.allowed") == ("P5-4.2.2",)


def test_a_section_is_read_as_one_table() -> None:
    assert effective("p5-hebi").section("substitutes") == {
        "offer_hours_before": 24,
        "academic_affairs_hours_before": 2,
        "merge_minutes_before": 30,
        "offers_at_once": 20,
    }


@pytest.mark.parametrize(
    "overlay",
    [
        {"end": {"latest": {"primary": {"value": "17:30", "document_no": "区教〔2026〕1号"}}}},
        {"end.latest.primary": {"value": "17:30", "document_no": "区教〔2026〕1号"}},
    ],
)
def test_an_overlay_wins_and_keeps_the_clause_and_strictness_it_does_not_state(overlay: dict[str, object]) -> None:
    policy = effective("p5-hebi", version=2, overlay=overlay)
    assert policy.value("end.latest.primary") == "17:30"
    assert policy.clauses("end.latest.primary") == ("P5-3.2.3",)
    assert policy.is_soft("end.latest.primary")
    assert not policy.is_silent("end.latest.primary")
    assert policy.document["end.latest.primary"]["from"] == "overlay"
    assert policy.document["end.latest.primary"]["document_no"] == "区教〔2026〕1号"
    assert diff(effective("p5-hebi"), policy) == [("end.latest.primary", "18:00", "17:30")]


@pytest.mark.parametrize(
    ("overlay", "fault"),
    [
        ({"end": {"latest": {"primary": {"value": "6pm"}}}}, "end.latest.primary"),
        ({"end": {"latest": {"kindergarten": {"value": "17:00"}}}}, "kindergarten"),
        ({"late_pickup": {"case_minutes": {"value": "10"}}}, "late_pickup.case_minutes"),
        ({"segments": {"value": ["lunch"]}}, "segments"),
        ({"fee": {"refund_rule": {"value": "none", "note": "x"}}}, "note"),
        ({"fee": {"refund_rule": {"value": "none", "clauses": ["P5-9.9.9"]}}}, "P5-9.9.9"),
        ({"fee": {"refund_rule": {"value": "none", "clauses": 5}}}, "fee.refund_rule.clauses"),
        ({"fee": 5}, "fee"),
        ({"fee": {"refund_rule": None}}, "fee.refund_rule"),
        ({"end": {"latest": {"primary": {"value": None}}}}, "end.latest.primary"),
        ({"content": {"learning_activity_max_periods": {"value": 3}}}, "hard bound"),
        ({"fee": {"waiver": {"value": "free", "strict": "principle"}}}, "hard bound"),
        ({"provider": {"training_institutions": {"value": ["TRAINING_INSTITUTION_NON_SUBJECT"]}}}, "hard bound"),
        ({"staff": {"ethics_block": {"value": False}}}, "staff.ethics_block"),
    ],
)
def test_a_bad_overlay_is_refused_whole_and_told_where(overlay: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault.replace(".", r"\.")):
        effective("p5-hebi", overlay={"interim": {"value": False}, **overlay})


def test_a_hard_bound_may_be_restated_as_it_is() -> None:
    policy = effective("p5-hebi", overlay={"fee": {"waiver": {"value": "free", "document_no": "1号"}}})
    assert policy.value("fee.waiver") == "free"
    assert not policy.is_soft("fee.waiver")


def test_equal_policies_differ_in_nothing_and_a_missing_key_is_a_difference() -> None:
    whole, part = effective("p1-jinan"), Policy("part", 1, {})
    assert diff(whole, effective("p1-jinan", version=9)) == []
    assert ("fee.free_grades", [1, 2], None) in diff(whole, part)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("interim: {value: true}", "interim: a stated value cites its clauses"),
        ("interim: {value: true, clauses: [P1-1.0.1, P5-0.0.3]}", "cites more than one plan: P1, P5"),
        ("interim: {value: true, clauses: [P1-0.0.0]}", "interim: no such clause as P1-0.0.0"),
        ("end: {earliest: {value: 16:20, clauses: [P1-1.0.1]}}", "end.earliest.value"),
    ],
)
def test_the_check_of_a_base_finds_what_is_wrong(broken: str, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_parsed", lambda name: yaml.safe_load(broken))
    assert any(complaint in fault for fault in check("p1-jinan"))


def test_the_check_of_the_defaults_misses_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_parsed", lambda name: {"interim": {"value": False, "decision": "SYS"}})
    assert "late_pickup.case_minutes: the defaults must name every key" in check("defaults")


@pytest.mark.parametrize(
    ("clause_id", "quote", "meaning"),
    [
        ("P5-3.5.8", "严禁有不良记录人员参与课后服务", "No person with a bad record"),
        ("EXT-2020-14", "高检发〔2020〕14号", "sexual-offence"),
        ("Q17", "编班人数", "One adult to 40"),
    ],
)
def test_a_clause_a_rule_and_a_decision_are_cited_alike(clause_id: str, quote: str, meaning: str) -> None:
    clause = cite(clause_id)
    assert (clause.id, clause.quote_zh) == (clause_id, quote)
    assert meaning in clause.meaning_en


def test_an_unknown_clause_is_an_error_and_no_empty_quotation() -> None:
    with pytest.raises(KeyError, match=r"P9-1\.1\.1"):
        cite("P9-1.1.1")

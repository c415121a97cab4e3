"""The two shared gates: what a plan lets pass, what only an exception does, and what nothing does."""

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy import Policy, base_names, effective
from shared.policy.gates import g_content, g_time
from shared.refusals import Refused

MONDAY, FRIDAY, MAKE_UP_SATURDAY = date(2026, 9, 14), date(2026, 9, 18), date(2026, 9, 19)
POLICIES = {name: effective(name) for name in base_names()}
SEGMENTS = ("class_activity", "club", "service", "ordinary", "extended", "evening")


def session(**changes: Any) -> dict[str, Any]:
    usual = {
        "stage": "primary",
        "segment": "service",
        "service_date": MONDAY,
        "week_of_term": 5,
        "is_school_day": True,
        "starts": time(16, 40),
        "ends": time(17, 50),
        "learning_periods": 1,
    }
    return {**usual, **changes}


def refusal(policy: Policy, planned: dict[str, Any], *exceptions: str) -> Refused | None:
    try:
        g_time(policy, **planned, exceptions=exceptions)
    except Refused as refused:
        return refused
    return None


def late(stage: str, hour: int, minute: int, segment: str = "service", starts: time = time(16, 45)) -> dict[str, Any]:
    return session(stage=stage, segment=segment, starts=starts, ends=time(hour, minute))


CASES: dict[str, tuple[str, dict[str, Any], str | None, str | None]] = {
    # D3: 18:10 for a junior class
    "18:10 junior, Anhui": ("p2-anhui", late("junior", 18, 10), "ends_too_late", "P2-3.1.4"),
    "18:10 junior, Hebi": ("p5-hebi", late("junior", 18, 10), None, None),
    "18:31 junior, Hebi": ("p5-hebi", late("junior", 18, 31, starts=time(17, 5)), "ends_too_late", "P5-3.2.4"),
    "18:01 primary, Hebi": ("p5-hebi", late("primary", 18, 1), "ends_too_late", "P5-3.2.3"),
    "91 minutes, Hebi": ("p5-hebi", session(starts=time(16, 0), ends=time(17, 31)), "lasts_too_long", "P5-3.2.2"),
    "90 minutes, Hebi": ("p5-hebi", session(starts=time(16, 0), ends=time(17, 30)), None, None),
    "ordinary to 16:20": ("p3-shanghai", late("primary", 16, 20, segment="ordinary", starts=time(15, 30)), None, None),
    "ordinary to 16:21": (
        "p3-shanghai",
        late("primary", 16, 21, segment="ordinary", starts=time(15, 30)),
        "ends_too_late",
        "P3-2.2.3",
    ),
    "extended to 18:00": ("p3-shanghai", late("primary", 18, 0, segment="extended"), None, None),
    "extended to 18:01": ("p3-shanghai", late("primary", 18, 1, segment="extended"), "ends_too_late", "P3-2.2.4"),
    # D6: days
    "Friday, Jinan": (
        "p1-jinan",
        session(segment="class_activity", service_date=FRIDAY),
        "day_not_allowed",
        "P1-4.3.8",
    ),
    "club on Monday, Jinan": ("p1-jinan", session(segment="club"), "day_not_allowed", "P1-4.3.18"),
    "make-up Saturday, Anhui": ("p2-anhui", session(service_date=MAKE_UP_SATURDAY), "day_not_allowed", "P2-3.1.2"),
    "make-up Saturday, Shanghai": (
        "p3-shanghai",
        session(segment="extended", service_date=MAKE_UP_SATURDAY),
        "day_not_allowed",
        "P3-2.2.2",
    ),
    "make-up Saturday, Hebi": ("p5-hebi", session(service_date=MAKE_UP_SATURDAY), None, None),
    "holiday, Hebi": ("p5-hebi", session(is_school_day=False), "day_not_allowed", "P5-3.2.1"),
    "holiday, Anhui": ("p2-anhui", session(is_school_day=False), "day_not_allowed", "EXT-2023-26"),
    # D7: weeks
    "club in week 1, Shanghai": (
        "p3-shanghai",
        session(segment="club", week_of_term=1),
        "starts_too_early_in_term",
        "P3-2.1.5",
    ),
    "care in week 1, Shanghai": (
        "p3-shanghai",
        session(segment="extended", week_of_term=1),
        "starts_too_early_in_term",
        "P3-2.2.9",
    ),
    "care in week 2, Shanghai": ("p3-shanghai", session(segment="extended", week_of_term=2), None, None),
    "week 1, Anhui": ("p2-anhui", session(week_of_term=1), None, None),
    # D12: learning time
    "two periods, Hebi": ("p5-hebi", session(learning_periods=2), "too_much_learning", "P5-3.3.13"),
    "two periods, Anhui": ("p2-anhui", session(learning_periods=2), None, None),
    # segments and stages
    "club segment, Shuangjing": ("p4-shuangjing", session(segment="club"), "segment_not_allowed", "P4-4.3.1"),
    "extended, Hebi": ("p5-hebi", session(segment="extended"), "segment_not_allowed", "P5-3.2.1"),
    "junior, Jinan": (
        "p1-jinan",
        session(stage="junior", segment="class_activity"),
        "segment_not_allowed",
        "P1-1.0.5",
    ),
    "evening, Anhui junior": ("p2-anhui", late("junior", 20, 30, segment="evening", starts=time(18, 30)), None, None),
    "evening, Anhui primary": (
        "p2-anhui",
        late("primary", 20, 0, segment="evening", starts=time(18, 30)),
        "evening_study_not_allowed",
        "P2-3.1.8",
    ),
    "evening to 20:40": (
        "p2-anhui",
        late("junior", 20, 40, segment="evening", starts=time(19, 0)),
        "ends_too_late",
        "P2-3.1.10",
    ),
    "evening of 121 minutes": (
        "p2-anhui",
        late("junior", 20, 11, segment="evening", starts=time(18, 10)),
        "lasts_too_long",
        "P2-3.1.9",
    ),
    "evening, Hebi": ("p5-hebi", late("junior", 20, 0, segment="evening"), "evening_study_not_allowed", "Q14"),
    "evening after 2023": ("cn-2023", late("junior", 20, 0, segment="evening"), "evening_study_not_allowed", "Q14"),
}


@pytest.mark.parametrize(("name", "planned", "code", "clause"), CASES.values(), ids=CASES.keys())
def test_the_time_gate_answers_by_the_plan_and_cites_it(
    name: str, planned: dict[str, Any], code: str | None, clause: str | None
) -> None:
    refused = refusal(POLICIES[name], planned)
    assert (refused and refused.code) == code
    if refused:
        assert refused.gate == "G-TIME"
        assert clause in refused.clauses


@pytest.mark.parametrize(
    ("name", "planned", "bound"),
    [
        ("p2-anhui", late("junior", 18, 10), "end.latest.junior"),
        ("p2-anhui", session(service_date=MAKE_UP_SATURDAY), "service_days"),
        ("p3-shanghai", session(segment="extended", service_date=MAKE_UP_SATURDAY), "service_days"),
        ("p3-shanghai", session(segment="club", week_of_term=1), "start_week.clubs"),
        ("p5-hebi", session(starts=time(16, 0), ends=time(17, 31)), "duration.max_minutes"),
    ],
)
def test_a_bound_in_principle_yields_to_its_own_exception_only(name: str, planned: dict[str, Any], bound: str) -> None:
    assert refusal(POLICIES[name], planned, "fee.period", "seasonal_timetable") is not None
    assert refusal(POLICIES[name], planned, bound) is None


@pytest.mark.parametrize(
    ("name", "planned", "bound"),
    [
        ("p1-jinan", session(segment="class_activity", service_date=FRIDAY), "service_days"),
        ("p3-shanghai", late("primary", 16, 21, segment="ordinary", starts=time(15, 30)), "end.ordinary"),
        ("p3-shanghai", late("primary", 18, 1, segment="extended"), "extended_care.latest_end"),
        ("p5-hebi", session(learning_periods=2), "content.learning_activity_max_periods"),
        ("p2-anhui", session(is_school_day=False), "school_days_only"),
    ],
)
def test_a_hard_bound_knows_no_exception(name: str, planned: dict[str, Any], bound: str) -> None:
    refused = refusal(POLICIES[name], planned, bound)
    assert refused is not None
    assert refused.facts["bound"] == bound


def test_a_district_may_forbid_to_end_before_people_come_home() -> None:
    policy = effective("cn-2021", overlay={"end": {"earliest": {"value": "17:30"}}})
    refused = refusal(policy, session(ends=time(17, 29)))
    assert refused is not None
    assert (refused.code, refused.facts["limit"]) == ("ends_too_early", "17:30")
    assert refusal(policy, session(ends=time(17, 30))) is None


minutes_of_day = st.integers(12 * 60, 23 * 60 + 59)
plans = st.sampled_from(sorted(POLICIES))
planned_sessions = st.fixed_dictionaries(
    {
        "stage": st.sampled_from(("primary", "junior")),
        "segment": st.sampled_from(SEGMENTS),
        "service_date": st.dates(date(2026, 9, 1), date(2027, 1, 31)),
        "week_of_term": st.integers(1, 20),
        "is_school_day": st.booleans(),
        "learning_periods": st.integers(0, 3),
    }
)
span = st.tuples(minutes_of_day, minutes_of_day).map(lambda pair: (min(pair), max(pair)))


def clock(minutes: int) -> time:
    return time(*divmod(minutes, 60))


def passes(name: str, planned: dict[str, Any], times: tuple[int, int], exceptions: frozenset[str]) -> bool:
    starts, ends = map(clock, times)
    return refusal(POLICIES[name], {**planned, "starts": starts, "ends": ends}, *exceptions) is None


every_key = frozenset(POLICIES["p5-hebi"].document)
exceptions_of_any_kind = st.one_of(
    st.just(every_key),
    st.frozensets(st.sampled_from(["service_days", "club_days", "start_week.care", "end.latest.primary", "segments"])),
)


@given(st.sampled_from(["ordinary", "extended", "club"]), planned_sessions, span)
def test_nothing_passes_a_hard_end(segment: str, planned: dict[str, Any], times: tuple[int, int]) -> None:
    planned = {**planned, "stage": "primary", "segment": segment, "is_school_day": True}
    if passes("p3-shanghai", planned, times, every_key):
        assert clock(times[1]) <= (time(16, 20) if segment == "ordinary" else time(18, 0))


@given(plans, planned_sessions, span, minutes_of_day, exceptions_of_any_kind)
def test_whoever_may_stay_may_also_leave_earlier(
    name: str, planned: dict[str, Any], times: tuple[int, int], earlier: int, exceptions: frozenset[str]
) -> None:
    starts, ends = times
    if starts <= earlier <= ends and passes(name, planned, times, exceptions):
        assert passes(name, planned, (starts, earlier), exceptions)


@given(plans, planned_sessions, span, exceptions_of_any_kind, exceptions_of_any_kind)
def test_a_further_exception_never_closes_the_gate(
    name: str, planned: dict[str, Any], times: tuple[int, int], some: frozenset[str], more: frozenset[str]
) -> None:
    if passes(name, planned, times, some):
        assert passes(name, planned, times, some | more)


@pytest.mark.parametrize(
    ("name", "stage", "grades", "content_type", "code", "clause"),
    [
        ("p5-hebi", "primary", [3], "CLUB", None, None),
        ("p5-hebi", "primary", [3], "QA", "content_not_allowed", "P5-3.3.9"),
        ("p5-hebi", "junior", [7], "QA", None, None),
        ("p5-hebi", "primary", [3], "NEW_LESSONS", "content_not_allowed", "P5-3.3.2"),
        ("p5-hebi", "primary", [3], "MAKE_UP_LESSONS", "content_not_allowed", "P5-3.3.12"),
        ("p2-anhui", "primary", [3], "COMPETITION_TRAINING", "content_not_allowed", "P2-5.4.2"),
        ("p2-anhui", "primary", [3], "REMEDIAL_INDIVIDUAL", None, None),
        ("p2-anhui", "junior", [8], "EVENING_STUDY", None, None),
        ("p2-anhui", "primary", [6], "EVENING_STUDY", "content_not_allowed", "P2-3.2.2"),
        ("p1-jinan", "primary", [1, 2], "HOMEWORK_CARE", None, None),
        ("p1-jinan", "primary", [2, 3], "INTEREST_GROUP", "content_not_allowed", "P1-4.2.1"),
        ("p1-jinan", "primary", [3, 4], "INTEREST_GROUP", None, None),
        ("p1-jinan", "junior", [7], "CLUB", "content_not_allowed", "P1-1.0.5"),
        ("p3-shanghai", "primary", [1, 4], "SELF_STUDY", None, None),
        ("p4-shuangjing", "primary", [5], "CLUB", "content_not_allowed", "P4-4.2.4"),
    ],
)
def test_the_content_gate_answers_by_the_plan_and_cites_it(
    name: str, stage: str, grades: list[int], content_type: str, code: str | None, clause: str | None
) -> None:
    asked: dict[str, Any] = {"stage": stage, "grades": grades, "content_type": content_type, "by_third_party": False}
    if code is None:
        g_content(POLICIES[name], **asked)
        return
    with pytest.raises(Refused) as refused:
        g_content(POLICIES[name], **asked)
    assert (refused.value.code, refused.value.gate) == (code, "G-CONTENT")
    assert clause in refused.value.clauses


@pytest.mark.parametrize(
    ("content_type", "subject", "third_party", "refused"),
    [
        ("ART", False, True, False),
        ("ART", True, True, True),
        ("ART", True, False, False),
        ("QA", False, True, True),
        ("QA", False, False, False),
    ],
)
def test_a_third_party_teaches_no_subject_and_tutors_nobody(
    content_type: str, subject: bool, third_party: bool, refused: bool
) -> None:
    def ask() -> None:
        g_content(
            POLICIES["p2-anhui"],
            stage="primary",
            grades=[3],
            content_type=content_type,
            by_third_party=third_party,
            subject=subject,
        )

    if not refused:
        ask()
        return
    with pytest.raises(Refused, match="content_forbidden_to_third_party"):
        ask()

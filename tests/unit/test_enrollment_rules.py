"""Enrollment's rules, table-driven and as properties."""

from datetime import date, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.applications import rules as applications
from services.enrollment.catalogue import rules as catalogue
from services.enrollment.directory.rules import stage_of
from services.enrollment.directory.snapshot import Person, Term
from services.enrollment.imports import rules as imports
from services.enrollment.placement import rules as placement
from services.enrollment.plans import rules as plans
from services.enrollment.readiness import rules as readiness
from shared.ids import new_id
from shared.policy import base_names, effective
from shared.refusals import Refused

POLICY = effective("p5-hebi")
MONDAY = date(2026, 9, 7)
SCHOOL_DAYS = [day for n in range(60) if (day := MONDAY + timedelta(days=n)).weekday() < 5]


def item(weekdays: list[int], starts: time, ends: time, segment: str = "service") -> catalogue.Item:
    return catalogue.Item(
        item_id=new_id(),
        state="LISTED",
        plan_id=UUID(int=1),
        content_type="HOMEWORK_TUTORING",
        stage="primary",
        grades=[1],
        segment=segment,
        weekdays=weekdays,
        starts=starts,
        ends=ends,
        by_third_party=False,
    )


@pytest.mark.parametrize(("grade", "stage"), [(1, "primary"), (6, "primary"), (7, "junior"), (9, "junior")])
def test_the_stage_follows_from_the_grade(grade: int, stage: str) -> None:
    assert stage_of(grade) == stage


@pytest.mark.parametrize("base", base_names())
def test_every_step_that_a_profile_names_leads_somewhere(base: str) -> None:
    policy = effective(base)
    actions = {action for _, action in applications.APPLICATION.moves} | {"school_review"}
    for kind in ("care", "clubs"):
        assert {step["step"] for step in policy.value(f"review_chain.{kind}")} <= actions


def test_the_chain_is_gone_through_in_its_order_by_its_roles() -> None:
    chain = POLICY.value("review_chain.care")
    for done, (step, role) in enumerate(
        [("submit", "guardian"), ("class_review", "class_teacher"), ("school_review", "principal")]
    ):
        assert applications.g_chain(chain, done, step, [role], ()) == chain[done]["role"]
        with pytest.raises(Refused, match="step_of_another_role"):
            applications.g_chain(chain, done, step, ["gatekeeper"], ())
        with pytest.raises(Refused, match="step_out_of_order"):
            applications.g_chain(chain, done + 1, step, [role], ())


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (([2, 4], time(16), time(17)), ([2], time(16, 59), time(18)), True),
        (([2, 4], time(16), time(17)), ([2], time(17), time(18)), False),
        (([2, 4], time(16), time(17)), ([3], time(16), time(17)), False),
    ],
)
def test_nobody_is_in_two_places_at_once(
    one: tuple[list[int], time, time], other: tuple[list[int], time, time], clash: bool
) -> None:
    items = [item(*one), item(*other)]
    if clash:
        with pytest.raises(Refused, match="items_overlap"):
            applications.need_no_clash(items)
    else:
        applications.need_no_clash(items)


def test_a_wish_for_clubs_alone_goes_through_the_chain_of_clubs() -> None:
    club, care = item([1], time(16), time(17), "club"), item([2], time(16), time(17))
    assert applications.kind_of([club]) == "clubs"
    assert applications.kind_of([club, care]) == "care"


@given(
    st.dictionaries(st.integers(0, 3), st.integers(1, 5), min_size=1),
    st.dictionaries(st.integers(0, 3), st.integers(0, 5)),
)
def test_places_are_given_up_to_the_capacity_and_never_above(wishes: dict[int, int], taken: dict[int, int]) -> None:
    ids = [UUID(int=n) for n in range(4)]
    wants = {ids[n]: count for n, count in wishes.items()}
    held = {ids[n]: count for n, count in taken.items()}
    capacity = dict.fromkeys(ids, 6)
    fits = all(held.get(item, 0) + count <= 6 for item, count in wants.items())
    try:
        applications.need_places(wants, held, capacity, POLICY)
    except Refused as refusal:
        assert refusal.gate == "G-NOREFUSE" and not fits
    else:
        assert fits


@pytest.mark.parametrize(
    ("fee", "after_days", "allowed"),
    [("SETTLED", -5, True), ("NOT_REQUIRED", -5, True), (None, -1, False), (None, 0, True), (None, 14, False)],
)
def test_an_unpaid_fee_keeps_nobody_waiting_while_the_grace_runs(
    fee: str | None, after_days: int, allowed: bool
) -> None:
    today = MONDAY + timedelta(days=after_days)
    assert placement.fee_allows(fee, MONDAY, today, SCHOOL_DAYS, POLICY) is allowed


@given(st.integers(0, 60))
def test_grace_lasts_as_many_school_days_as_the_profile_says(offset: int) -> None:
    today = MONDAY + timedelta(days=offset)
    served = sum(day <= today for day in SCHOOL_DAYS)
    assert placement.fee_allows(None, MONDAY, today, SCHOOL_DAYS, POLICY) is (served <= 10)


@given(st.integers(1, 7))
def test_the_date_that_an_item_is_judged_by_is_of_its_weekday_and_in_the_term(weekday: int) -> None:
    day = catalogue.last_day_of(weekday, SCHOOL_DAYS[-1], SCHOOL_DAYS)
    assert day.isoweekday() == weekday
    assert MONDAY <= day <= SCHOOL_DAYS[-1] + timedelta(days=2)
    assert (day in SCHOOL_DAYS) is (weekday <= 5)


@pytest.mark.parametrize(("ends", "periods"), [(time(17, 10), 1), (time(17, 11), 2)])
def test_tutoring_counts_in_class_periods_rounded_up(ends: time, periods: int) -> None:
    assert catalogue.learning_periods(item([1], time(16, 30), ends), POLICY) == periods


def test_a_filing_covers_what_is_material_and_in_any_order() -> None:
    group, profile = [new_id(), new_id()], ("p", 1)
    items = [("ART", "primary", "service"), ("SPORT", "primary", "service")]
    whole = plans.hash_of("text", group, profile, items)
    assert whole == plans.hash_of("text", group[::-1], profile, items[::-1])
    assert whole != plans.hash_of("text", group, profile, items[:1])
    assert whole != plans.hash_of("other", group, profile, items)
    assert whole != plans.hash_of("text", group, ("p", 2), items)


def test_a_missing_point_of_the_checklist_is_named_with_its_clause() -> None:
    points = readiness.checklist(dict.fromkeys(POLICY.section("readiness"), True), POLICY)
    readiness.g_ready(points, POLICY)
    with pytest.raises(Refused) as refusal:
        readiness.g_ready({**points, "emergency_plan": False}, POLICY)
    assert refusal.value.clauses == POLICY.clauses("readiness.emergency_plan")


def test_a_fact_of_the_register_is_read_as_it_was_written() -> None:
    for kind, fact in (
        ("terms", Term("t", "一", MONDAY, SCHOOL_DAYS[-1], "y")),
        ("people", Person("p", "王", "伟", "1380000", "G1", 3, ("g1", "g2"))),
    ):
        value, personal = imports.pack(fact)
        assert imports.unpack(kind, fact.source_id, value, personal) == fact
        assert "family_name" not in value

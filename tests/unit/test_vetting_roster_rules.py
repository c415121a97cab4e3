"""Rules of rosters and passes that need no database."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.vetting.gate_passes import rules as gate_passes
from services.vetting.rosters import rules as rosters
from services.vetting.rosters.rules import Hours, Leads, OnRoster
from services.vetting.substitutes import rules as substitutes
from shared.ids import new_id
from shared.policy import base_names, effective
from shared.refusals import Refused

POLICY = effective("p5-hebi")
MORNING = datetime(2026, 9, 7, tzinfo=UTC)
TOLERANCE = timedelta(minutes=POLICY.value("gate_pass.tolerance_minutes"))

SPANS = some.lists(some.tuples(some.integers(0, 1200), some.integers(1, 200)), max_size=8)


def at(minute: int) -> datetime:
    return MORNING + timedelta(minutes=minute)


def slots(spans: list[tuple[int, int]]) -> list[Hours]:
    return [Hours(new_id(), at(start), at(start + length)) for start, length in spans]


@given(SPANS, SPANS)
def test_every_wanted_session_that_overlaps_another_is_named_and_no_other(
    wanted: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    mine, others = slots(wanted), slots(taken)
    clash = {
        slot.session_id
        for one, other in [*combinations(mine, 2), *((one, other) for one in mine for other in others)]
        if one.starts_at < other.ends_at and other.starts_at < one.ends_at
        for slot in ((one, other) if other in mine else (one,))
    }
    assert set(rosters.overlapping(mine, others)) == clash


def test_the_refusal_names_everything_that_stands_in_the_way() -> None:
    first, second = new_id(), new_id()
    obstacles = {first: Refused("lead_taken", session_id="1"), second: Refused("double_booking")}
    with pytest.raises(Refused, match="lead_taken") as refused:
        rosters.need_clear_way(obstacles)
    assert refused.value.errors == {str(first): "lead_taken", str(second): "double_booking"}
    rosters.need_clear_way({})


@pytest.mark.parametrize(
    ("beside", "is_refused"),
    [((), True), (("LEAD", False), True), (("HELPER", True), True), (("ASSIST", True), False)],
)
def test_somebody_from_outside_leads_beside_a_supervising_teacher_of_the_schools_own(
    beside: tuple[str, bool] | tuple[()], is_refused: bool
) -> None:
    session = UUID(int=1)
    others = [OnRoster(session, *beside)] if beside else []
    assert bool(rosters.without_own_teacher([session], "LEAD", False, others, POLICY)) == is_refused
    assert not rosters.without_own_teacher([session], "LEAD", True, others, POLICY)
    assert not rosters.without_own_teacher([session], "ASSIST", False, others, POLICY)


@pytest.mark.parametrize("base", base_names())
def test_every_profile_says_whose_leading_is_its_own(base: str) -> None:
    assert "OWN_TEACHER" in rosters.own_categories(effective(base))


def test_the_own_share_counts_the_schools_own_alone() -> None:
    def leads(category: str, is_listed: bool, sessions: int) -> Leads:
        return Leads(UUID(int=1), category, is_listed, sessions)

    own = rosters.own_categories(POLICY)
    given = [leads("OWN_TEACHER", True, 2), leads("OWN_TEACHER", False, 1), leads("RETIRED_TEACHER", True, 3)]
    assert rosters.own_share_bp(given, own) == 3333


@given(SPANS)
def test_a_pass_covers_its_assignments_and_reaches_no_further_than_the_tolerance(spans: list[tuple[int, int]]) -> None:
    hours = [(at(start), at(start + length)) for start, length in spans]
    windows = gate_passes.windows(hours, POLICY)
    wide = [(opens - TOLERANCE, shuts + TOLERANCE) for opens, shuts in hours]
    assert all(any(w[0] <= opens and shuts <= w[1] for w in windows) for opens, shuts in wide)
    for minute in range(-40, 1450, 7):
        inside = any(opens <= at(minute) <= shuts for opens, shuts in wide)
        assert any(opens <= at(minute) <= shuts for opens, shuts in windows) == inside
    assert all(earlier[1] < later[0] for earlier, later in pairwise(windows))


def test_what_is_left_of_a_pass_lies_within_it() -> None:
    parts = [(at(0), at(100)), (at(200), at(300)), (at(400), at(500))]
    assert gate_passes.within((at(50), at(250)), parts) == [(at(50), at(100)), (at(200), at(250))]
    assert gate_passes.within((at(100), at(200)), parts) == []


def test_a_search_that_begins_late_begins_at_a_later_level() -> None:
    ends = substitutes.deadlines(at(3000), POLICY)
    levels = {minutes: substitutes.next_level(0, at(3000 - minutes), ends) for minutes in (3000, 600, 60, 10)}
    assert levels == {3000: 1, 600: 1, 60: 2, 10: 3}

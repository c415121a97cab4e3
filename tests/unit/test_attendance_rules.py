"""The decisions of attendance, without a database."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.activity_records import rules as records
from services.attendance.custody import rules as custody
from services.attendance.gate import rules as gate
from services.attendance.late_pickups import rules as late_pickups
from services.attendance.pickups import rules as pickups
from services.attendance.presence import rules as presence
from services.attendance.roll_calls import rules as roll_calls
from services.attendance.safety_packs import rules as safety_packs
from services.attendance.sessions import rules as sessions
from services.attendance.venues import rules as venues
from shared.policy import Policy, effective
from shared.refusals import Refused

TODAY = date(2026, 9, 7)
NOW = datetime(2026, 9, 7, 10, tzinfo=UTC)
A, B, C = (UUID(int=number) for number in (1, 2, 3))


@pytest.fixture(scope="module")
def policy() -> Policy:
    return effective("p5-hebi")


def code_of(act: Any, *given: Any, **named: Any) -> str | None:
    """The code of the refusal, or None."""
    try:
        act(*given, **named)
    except Refused as refused:
        return refused.code
    return None


# Presence


def standing(**changes: Any) -> presence.Standing:
    known: dict[str, Any] = {
        "is_assigned": True,
        "state": "CLEARED",
        "valid_until": TODAY,
        "is_known": True,
        "is_fresh": True,
        "is_overridden": False,
    }
    return presence.Standing(**(known | changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"is_fresh": False}, "clearance_unconfirmed"),
        ({"is_fresh": False, "is_overridden": True}, None),
        ({"is_known": False}, "clearance_unconfirmed"),
        ({"is_known": False, "is_overridden": True}, "clearance_unconfirmed"),
        ({"state": "BLOCKED"}, "person_blocked"),
        ({"state": "SUSPENDED", "is_overridden": True}, "person_blocked"),
        ({"state": "BLOCKED", "is_assigned": False, "is_fresh": False}, "person_blocked"),
        ({"is_assigned": False}, "not_assigned"),
        ({"state": None, "valid_until": None}, "not_cleared"),
        ({"state": "EXPIRED"}, "not_cleared"),
        ({"valid_until": TODAY - timedelta(days=1)}, "not_cleared"),
    ],
)
def test_a_person_is_let_in_only_when_everything_known_speaks_for_it(changes: dict[str, Any], code: str | None) -> None:
    assert presence.why_not(standing(**changes), TODAY) == code


@given(
    state=st.sampled_from([None, "CLEARED", "BLOCKED", "SUSPENDED", "EXPIRED"]),
    flags=st.tuples(*[st.booleans()] * 4),
    days=st.integers(-2, 2),
)
def test_nobody_is_let_in_whom_one_thing_speaks_against(
    state: str | None, flags: tuple[bool, bool, bool, bool], days: int
) -> None:
    assigned, known, fresh, overridden = flags
    reason = presence.why_not(
        standing(
            state=state,
            valid_until=TODAY + timedelta(days=days),
            is_assigned=assigned,
            is_known=known,
            is_fresh=fresh,
            is_overridden=overridden,
        ),
        TODAY,
    )
    safe = state == "CLEARED" and days >= 0 and assigned and known and (fresh or overridden)
    assert (reason is None) == safe


# Sessions


def test_what_the_roster_asks_of_a_session_does_not_depend_on_how_it_came_so() -> None:
    def settle(facts: list[bool]) -> str:
        state = sessions.SESSION.initial
        for is_led in facts:
            if action := sessions.staffing_action(state, is_led):
                state = sessions.SESSION.move(state, action)
        return state

    assert settle([True]) == settle([False, True]) == settle([True, False, True]) == "STAFFED"
    assert settle([False]) == settle([True, False]) == settle([False, False]) == "UNSTAFFED"


@pytest.mark.parametrize("state", ["OPEN", "IN_PROGRESS", "DISMISSING", "CLOSED", "CANCELLED"])
def test_the_roster_moves_no_session_that_runs_or_is_over(state: str) -> None:
    assert sessions.staffing_action(state, True) is None
    assert sessions.staffing_action(state, False) is None


def test_a_series_takes_the_groups_weekdays_of_the_school_days() -> None:
    days = [TODAY + timedelta(days=offset) for offset in (0, 1, 2, 5, 7)]
    found = sessions.series(days, [1, 6], TODAY, TODAY + timedelta(days=6))
    assert found == [TODAY, TODAY + timedelta(days=5)]


@pytest.mark.parametrize(
    ("content_type", "minutes", "elsewhere", "code"),
    [
        ("HOMEWORK_TUTORING", 40, 0, None),
        ("HOMEWORK_TUTORING", 41, 0, "too_much_learning"),
        ("HOMEWORK_TUTORING", 20, 20, None),
        ("HOMEWORK_TUTORING", 20, 21, "too_much_learning"),
        ("HOMEWORK_CARE", 90, 60, None),
    ],
)
@pytest.mark.clause("P5-3.3.13")
def test_learning_is_counted_over_a_pupils_whole_day(
    policy: Policy, content_type: str, minutes: int, elsewhere: int, code: str | None
) -> None:
    ends = (datetime.combine(TODAY, time(16)) + timedelta(minutes=minutes)).time()
    pattern = sessions.Pattern(
        stage="primary", segment="service", content_type=content_type, starts=time(16), ends=ends
    )
    assert code_of(sessions.g_series, policy, pattern, {TODAY: 1}, {TODAY: elsewhere}, ()) == code


def adult(**changes: Any) -> presence.Staff:
    fields: dict[str, Any] = {
        "person_id": A,
        "role": "LEAD",
        "category": "OWN_TEACHER",
        "is_own": True,
        "is_kept_away": False,
        "is_eligible": True,
    }
    return presence.Staff(**(fields | changes))


@pytest.mark.parametrize(
    ("staff", "expected", "named", "content_type", "code"),
    [
        ([adult()], 40, True, "HOMEWORK_CARE", None),
        ([adult()], 41, True, "HOMEWORK_CARE", "too_few_adults"),
        ([adult()], 26, True, "SPORT", "too_few_adults"),
        ([adult(), adult(role="ASSIST", category="PARENT")], 50, True, "SPORT", None),
        ([adult(), adult(role="HELPER", category="PARENT")], 50, True, "SPORT", "too_few_adults"),
        ([adult()], 0, False, "SPORT", "no_duty_leader"),
        ([], 0, True, "SPORT", "no_teacher_in_charge"),
        ([adult(category="PARENT")], 1, True, "SPORT", "no_teacher_in_charge"),
        ([adult(is_own=False)], 1, True, "SPORT", "no_teacher_in_charge"),
        ([adult(role="HELPER")], 1, True, "SPORT", "no_teacher_in_charge"),
        ([adult(), adult(role="HELPER", is_eligible=False)], 1, True, "SPORT", "clearance_unconfirmed"),
        ([adult(), adult(role="HELPER", is_kept_away=True)], 1, True, "SPORT", "person_blocked"),
    ],
)
def test_a_session_is_staffed_by_enough_eligible_adults_and_a_teacher_in_charge(
    policy: Policy, staff: list[presence.Staff], expected: int, named: bool, content_type: str, code: str | None
) -> None:
    assert code_of(sessions.g_staffed, staff, expected, named, content_type, policy) == code


@pytest.mark.parametrize(
    ("minutes", "code"), [(-16, "not_opening_hour"), (-15, None), (89, None), (90, "not_opening_hour")]
)
def test_a_session_opens_within_the_tolerance_and_before_its_end(
    policy: Policy, minutes: int, code: str | None
) -> None:
    now = NOW + timedelta(minutes=minutes)
    assert code_of(sessions.need_opening_hour, now, NOW, NOW + timedelta(minutes=90), policy) == code


@pytest.mark.parametrize(
    ("minutes", "code"), [(40, None), (41, "too_much_learning"), (91, "learning_minutes_unlikely"), (0, None)]
)
def test_recorded_learning_stays_within_the_limit(policy: Policy, minutes: int, code: str | None) -> None:
    assert code_of(sessions.need_learning_within, minutes, 90, "primary", policy) == code


# Pupils


def test_a_mark_follows_from_the_one_before_and_an_excuse_from_a_request() -> None:
    assert code_of(roll_calls.mark, {A: "PRESENT", B: "UNEXPLAINED"}, {}, ()) is None
    assert code_of(roll_calls.mark, {A: "LATE"}, {A: "UNEXPLAINED"}, ()) is None
    assert code_of(roll_calls.mark, {A: "PRESENT"}, {A: "UNEXPLAINED"}, ()) == "illegal_transition"
    assert code_of(roll_calls.mark, {A: "EXCUSED"}, {}, [B]) == "no_leave_request"
    assert code_of(roll_calls.mark, {A: "EXCUSED"}, {}, [A]) is None


@pytest.mark.parametrize(
    ("weeks", "service_weeks", "counts"),
    [({1: 1, 2: 1}, 4, True), ({1: 5}, 4, False), ({1: 1}, 2, True), ({}, 2, False), ({}, 0, False)],
)
def test_a_participant_came_in_half_of_the_weeks(
    policy: Policy, weeks: dict[int, int], service_weeks: int, counts: bool
) -> None:
    assert (roll_calls.participants({A: weeks}, service_weeks, policy) == {A}) is counts


@given(
    weeks=st.dictionaries(st.integers(1, 20), st.integers(0, 5), max_size=20),
    more=st.tuples(st.integers(1, 20), st.integers(0, 5)),
)
def test_another_attended_session_never_takes_a_participant_away(weeks: dict[int, int], more: tuple[int, int]) -> None:
    policy = effective("p5-hebi")
    week, count = more
    before = roll_calls.participants({A: weeks}, 20, policy)
    after = roll_calls.participants({A: weeks | {week: weeks.get(week, 0) + count}}, 20, policy)
    assert before <= after


@given(st.lists(st.sampled_from(["hand_to_service", "dismiss", "transfer", "wait_too_long", "release"]), max_size=12))
def test_whatever_is_tried_a_child_is_either_in_care_or_with_its_class_or_family(actions: list[str]) -> None:
    state = custody.CUSTODY.initial
    for action in actions:
        state = custody.CUSTODY.moves.get((state, action), state)
    assert state in (*custody.IN_CARE, "WITH_CLASS", "RELEASED")


@pytest.mark.parametrize("state", custody.IN_CARE)
def test_from_every_state_in_care_a_child_can_be_released_and_passed_on(state: str) -> None:
    assert custody.CUSTODY.move(state, "release") == "RELEASED"
    assert custody.CUSTODY.move(state, "transfer") == state


# Fetching


def authorization(**changes: Any) -> pickups.Authorization:
    fields: dict[str, Any] = {
        "kind": "STANDING",
        "state": "ACTIVE",
        "is_minor": False,
    }
    return pickups.Authorization(**(fields | changes))


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], "pickup_not_authorized"),
        ([authorization(state="PROPOSED")], "pickup_not_authorized"),
        ([authorization(state="ENDED")], "pickup_not_authorized"),
        ([authorization(kind="EMERGENCY_CONTACT")], "contact_may_not_collect"),
        ([authorization(state="SUSPENDED"), authorization(kind="GUARDIAN")], "pickup_suspended"),
        ([authorization(is_minor=True)], "minor_may_not_collect"),
        ([authorization()], "pickup_expired"),
    ],
)
def test_the_reason_why_somebody_may_not_fetch_a_child(
    policy: Policy, found: list[pickups.Authorization], code: str
) -> None:
    assert pickups.why_not(found, minors_may=False) == code
    refusal = pickups.refusal(code, policy)
    assert refusal.gate == "G-HANDOVER"
    assert "EXT-23-31" in refusal.clauses


def test_a_pass_holds_within_its_hours() -> None:
    held = gate.Pass(state="ISSUED", valid_from=NOW, valid_to=NOW + timedelta(hours=1))
    assert gate.why_not([], NOW) == "no_gate_pass"
    assert gate.why_not([gate.Pass(state="REVOKED", valid_from=None, valid_to=None)], NOW) == "gate_pass_revoked"
    assert gate.why_not([held], NOW - timedelta(minutes=1)) == "gate_pass_not_now"
    assert gate.why_not([held], NOW) == "clearance_unconfirmed"


# Lateness


def test_levels_are_reached_in_order_at_the_profiles_minutes(policy: Policy) -> None:
    ends = late_pickups.deadlines(NOW, policy)
    assert [int((end - NOW).total_seconds() // 60) for end in ends] == [30, 60, 120]
    assert late_pickups.opens_at(NOW, policy) < late_pickups.reminds_at(NOW, policy) < ends[0]
    assert late_pickups.minutes_late(NOW, NOW + timedelta(minutes=10, seconds=59)) == 10


# Venues, packs, records


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"checked_on": TODAY - timedelta(days=7)}, None),
        ({"checked_on": TODAY - timedelta(days=8)}, "venue_check_missing"),
        ({"checked_on": None}, "venue_check_missing"),
        ({"passed": False}, "venue_check_failed"),
        ({"has_critical_hazard": True}, "venue_hazard_open"),
        ({"scope": "elsewhere"}, "venue_out_of_scope"),
    ],
)
def test_a_venue_hosts_a_session_only_when_checked_passed_and_without_critical_hazard(
    policy: Policy, changes: dict[str, Any], code: str | None
) -> None:
    condition: dict[str, Any] = {
        "scope": "on_campus",
        "checked_on": TODAY,
        "passed": True,
        "has_critical_hazard": False,
    }
    assert code_of(venues.g_venue, venues.Condition(**(condition | changes)), TODAY, policy) == code


@pytest.mark.parametrize("base", ["p1-jinan", "p2-anhui", "p3-shanghai", "p4-shuangjing", "p5-hebi"])
def test_a_pack_lacks_whatever_single_system_is_left_out(base: str) -> None:
    policy = effective(base)
    every = safety_packs.demanded(policy)
    assert code_of(safety_packs.g_ready, every, policy) is None
    for name in every:
        assert code_of(safety_packs.g_ready, every - {name}, policy) == "safety_pack_incomplete"


def test_only_weeks_with_service_owe_a_record_and_only_where_the_profile_asks() -> None:
    assert records.demanded_weeks([1, 1, 3], effective("p4-shuangjing")) == {1, 3}
    assert records.demanded_weeks([1, 1, 3], effective("p5-hebi")) == set()


def test_a_term_is_complete_when_every_class_has_every_week() -> None:
    policy = effective("p1-jinan")
    assert code_of(records.need_complete, [A, B], [1], [(A, 1)], 0, policy) == "records_missing"
    assert code_of(records.need_complete, [A, B], [1], [(A, 1), (B, 1)], 1, policy) == "sessions_running"
    assert code_of(records.need_complete, [A, B], [1], [(A, 1), (B, 1), (C, 9)], 0, policy) is None

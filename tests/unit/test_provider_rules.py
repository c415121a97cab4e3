"""Who is on the whitelist for what, who is taken again, for what a provider leaves and what that waits for."""

from datetime import date, timedelta

import pytest

from services.vetting.exits import rules as exits
from services.vetting.providers import rules
from shared.policy import effective
from shared.refusals import Invalid, Refused

P2 = effective("p2-anhui")
TODAY = date(2026, 9, 7)
UNTIL = date(2027, 6, 30)


@pytest.mark.parametrize(
    ("state", "assignment", "contract"),
    [
        ("APPLIED", None, None),
        ("SELECTED", None, None),
        ("WHITELISTED", UNTIL, UNTIL),
        ("ON_NOTICE", UNTIL, None),
        ("EXITING", None, None),
        ("EXITED", None, None),
        ("REJECTED", None, None),
    ],
)
def test_the_whitelist_lets_a_provider_have_what_its_state_says(
    state: str, assignment: date | None, contract: date | None
) -> None:
    listed = rules.Listed(kind="SCIENCE_MUSEUM", state=state, until=UNTIL, prices={})
    assert rules.until_for("assignment", listed, P2) == assignment
    assert rules.until_for("contract", listed, P2) == contract


def former(state: str = "EXITED", days_ago: int | None = None, *, is_revoked: bool = False) -> rules.Former:
    exited_on = None if days_ago is None else TODAY - timedelta(days=days_ago)
    return rules.Former(state=state, exited_on=exited_on, is_revoked=is_revoked)


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ([], None),
        ([former("REJECTED"), former("WHITELISTED"), former("ON_NOTICE")], None),
        ([former("EXITING")], "cooling_off"),
        ([former(days_ago=364)], "cooling_off"),
        ([former(days_ago=365)], None),
        ([former(days_ago=365), former(days_ago=1)], "cooling_off"),
        ([former(days_ago=9999, is_revoked=True)], "qualification_revoked"),
    ],
)
def test_who_left_is_taken_again_after_a_while_and_after_a_revocation_never(
    known: list[rules.Former], code: str | None
) -> None:
    if code is None:
        rules.need_not_gone(known, TODAY, P2)
        return
    with pytest.raises(Refused, match=code):
        rules.need_not_gone(known, TODAY, P2)


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2023, 9, 7), date(2026, 9, 7)),
        (date(2024, 2, 29), date(2027, 3, 1)),
        (date(2021, 2, 28), date(2024, 2, 28)),
    ],
)
def test_three_years_after_a_day_is_the_same_day(day: date, later: date) -> None:
    assert rules.years_after(day, 3) == later


def test_an_urgent_exit_takes_effect_today_and_another_on_its_day() -> None:
    later = TODAY + timedelta(days=30)
    assert exits.effective_on("LICENCE_LOST", later, TODAY, P2) == TODAY
    assert exits.effective_on("LOW_QUALITY", later, TODAY, P2) == later
    assert exits.effective_on("LOW_QUALITY", TODAY, TODAY, P2) == TODAY
    for wanted in (None, TODAY - timedelta(days=1)):
        with pytest.raises(Invalid):
            exits.effective_on("LOW_QUALITY", wanted, TODAY, P2)


def test_an_exit_names_everything_that_it_waits_for() -> None:
    assert exits.waits_for(exits.Left(assignments=False)) == ()
    left = exits.Left(assignments=True, open_sessions=True, unsettled_sessions=-1, open_refunds=True)
    assert exits.waits_for(left) == ("assignments", "open_sessions", "unsettled_sessions", "open_refunds")

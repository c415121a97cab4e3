"""Vetting's rules without a database: who may serve, how long a record blocks, what a file of results may hold."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.vetting.checks.rules import CHECK, Standing, is_due
from services.vetting.checks.sources import COLUMNS, ResultFile
from services.vetting.clearances.rules import next_reminder
from services.vetting.conduct.rules import CONDUCT_RECORD, in_force_until, reason_class
from services.vetting.people.rules import SERVING, STAFF_MEMBER, Seen, clear
from services.vetting.reviews.rules import NOTICES, REASONS, wording
from shared.policy import effective
from shared.refusals import LANGUAGES, Invalid, Refused

POLICY = effective("p5-hebi")
TODAY = date(2026, 9, 7)
REQUIRED = POLICY.value("checks.required")["OWN_TEACHER"]
YEAR = timedelta(days=POLICY.value("clearance.max_age_days"))

ages = st.integers(0, 800).map(lambda days: TODAY - timedelta(days=days))
results = st.sampled_from(("CLEAR", "HIT", "INCONCLUSIVE", "EXPIRED"))


@given(
    st.lists(st.tuples(results, ages), min_size=len(REQUIRED), max_size=len(REQUIRED)), st.sets(st.just("COURT_BAN"))
)
def test_a_person_is_cleared_exactly_when_every_required_check_is_clear_and_no_record_stands(
    answers: list[tuple[str, date]], blocking: set[str]
) -> None:
    """INV-VET-04."""
    checks = [Seen(kind=kind, state=state, as_of=as_of) for kind, (state, as_of) in zip(REQUIRED, answers, strict=True)]
    fit = not blocking and all(state == "CLEAR" and as_of + YEAR > TODAY for state, as_of in answers)
    try:
        until = clear("OWN_TEACHER", checks, blocking, TODAY, POLICY)
    except Refused as refusal:
        assert not fit
        assert refusal.gate == "G-CLEAR"
        assert refusal.clauses
        return
    assert fit
    assert TODAY < until == min(as_of for _, as_of in answers) + YEAR


def test_only_a_decision_to_clear_or_to_restore_leads_to_a_clearance() -> None:
    """INV-VET-05, INV-VET-16: no time, no appeal and no return does."""
    ways = {action for (_, action), after in STAFF_MEMBER.moves.items() if after == "CLEARED"}
    assert ways == {"clear", "restore"}
    out_of_a_block = {after for (state, _), after in STAFF_MEMBER.moves.items() if state == "BLOCKED"}
    assert out_of_a_block == {"BLOCKED", "UNDER_REVIEW", "EXITED"}


def test_a_block_is_possible_from_everywhere_and_whoever_serves_may_leave() -> None:
    assert {STAFF_MEMBER.move(state, "block") for state in (*SERVING, "EXITED")} == {"BLOCKED"}
    assert {STAFF_MEMBER.move(state, "leave") for state in SERVING} == {"EXITED"}


@pytest.mark.parametrize("kind", POLICY.value("conduct.permanent_records"))
@given(sanction=st.none() | st.text(max_size=5), until=st.none() | st.dates())
def test_what_the_law_bars_for_good_never_ends(kind: str, sanction: str | None, until: date | None) -> None:
    """INV-VET-05."""
    assert in_force_until(kind, sanction, until, TODAY, POLICY) is None


@pytest.mark.parametrize(
    ("sanction", "on", "until"),
    [
        ("WARNING", date(2026, 8, 31), date(2027, 2, 28)),
        ("DEMERIT", date(2028, 2, 29), date(2029, 2, 28)),
        ("DEMOTION_OR_REMOVAL", date(2026, 9, 7), date(2028, 9, 7)),
        ("DISMISSAL", date(2026, 9, 7), None),
    ],
)
def test_a_sanction_lasts_its_months_to_the_last_day_there_is(sanction: str, on: date, until: date | None) -> None:
    assert in_force_until("ETHICS_SUBSTANTIATED", sanction, None, on, POLICY) == until


def test_a_record_that_ended_blocks_no_more_and_only_a_re_check_takes_it_out_of_history() -> None:
    assert {action for state, action in CONDUCT_RECORD.moves if state == "LAPSED"} == {"overturn"}
    assert {action for state, action in CONDUCT_RECORD.moves if state == "UNSUBSTANTIATED"} == set()


@given(st.integers(0, 400))
def test_a_reminder_is_the_next_of_the_profiles_days_and_never_today(left: int) -> None:
    until = TODAY + timedelta(days=left)
    day = next_reminder(until, TODAY, POLICY)
    ahead = [days for days in POLICY.value("clearance.reminder_days") if days < left]
    assert day == (until - timedelta(days=max(ahead)) if ahead else None)


@given(st.sampled_from(sorted({state for state, _ in CHECK.moves} | set(CHECK.moves.values()))), st.integers(-90, 90))
def test_a_check_is_due_unless_it_is_under_way_or_clear_for_long_enough(state: str, margin: int) -> None:
    standing = Standing(kind="IDENTITY", state=state, expires_on=TODAY + timedelta(days=margin))
    is_good = state in ("REQUESTED", "SUBMITTED") or (state == "CLEAR" and margin >= 0)
    assert is_due(standing, TODAY) is not is_good


@pytest.mark.parametrize("code", NOTICES)
@pytest.mark.parametrize("reason", REASONS)
def test_a_notice_has_its_words_in_every_language_and_names_the_days(code: str, reason: str) -> None:
    text = wording(code, reason, 15)
    assert set(text) == set(LANGUAGES)
    assert all("15" in words and "{" not in words for words in text.values())


def test_every_class_that_a_record_gives_has_its_words() -> None:
    assert {reason_class(kind) for kind in POLICY.value("conduct.blocking_records")} <= set(REASONS)


# Files of results

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.binary(max_size=200))
def test_a_file_of_anything_is_refused_or_read_and_never_breaks(data: bytes) -> None:
    read(data)
    read(",".join(COLUMNS).encode() + b"\n" + data)


def read(data: bytes) -> list[Any]:
    """The lines of a file, or nothing where it is refused."""
    try:
        return list(ResultFile(data).lines())
    except Invalid:
        return []


@given(st.dictionaries(st.sampled_from(COLUMNS), cells.filter(str.strip), min_size=1))
def test_a_fault_of_a_line_names_the_column_and_repeats_nothing_of_it(row: dict[str, str]) -> None:
    quoted = ",".join('"' + row.get(name, "").replace('"', '""') + '"' for name in COLUMNS)
    for line in read((",".join(COLUMNS) + "\n" + quoted).encode()):
        if line.fault is not None:
            assert line.fault in {f"invalid_{name}" for name in (*COLUMNS, "person")}
            assert (line.person_id, line.id_number, line.answer) == (None, None, None)

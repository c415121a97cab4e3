"""The small pure pieces of the spine."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.money import prorate, split, yuan
from shared.policy.published import Term
from shared.refusals import LANGUAGES, Refused, registry, sentence
from shared.states import Machine

DOOR = Machine("door", "SHUT", {("SHUT", "open"): "OPEN", ("OPEN", "shut"): "SHUT"})


def test_a_machine_moves_only_along_its_table() -> None:
    assert DOOR.move("SHUT", "open") == "OPEN"
    with pytest.raises(Refused) as refused:
        DOOR.move("OPEN", "open")
    assert refused.value.facts == {"machine": "door", "state": "OPEN", "action": "open"}


@given(some.integers(0, 10**9), some.lists(some.integers(0, 1000), min_size=1, max_size=20).filter(any))
def test_shares_add_up_to_the_fen_and_stay_within_one_fen_of_their_due(amount: int, weights: list[int]) -> None:
    shares = split(amount, weights)
    assert sum(shares) == amount
    assert all(
        abs(share * sum(weights) - amount * weight) <= sum(weights) * len(weights)
        for share, weight in zip(shares, weights, strict=True)
    )


@given(some.integers(0, 10**9), some.integers(0, 100), some.integers(1, 100))
def test_a_prorated_amount_never_exceeds_its_due(amount: int, part: int, whole: int) -> None:
    assert 0 <= prorate(amount, part, whole) * whole <= amount * part


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (12345, "123.45"), (-105, "-1.05")])
def test_fen_are_shown_as_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text


@pytest.mark.parametrize("code", registry())
def test_every_refusal_speaks_both_languages(code: str) -> None:
    for part in ("title", "detail"):
        for language in LANGUAGES:
            assert sentence(code, part, language, {}).strip()


def test_the_first_week_of_a_term_ends_with_its_first_sunday() -> None:
    term = Term(None, date(2026, 9, 2), date(2026, 12, 31), date(2026, 8, 20), ())  # type: ignore[arg-type]  # no id needed
    days = (date(2026, 9, 2), date(2026, 9, 6), date(2026, 9, 7), date(2026, 9, 14))
    assert [term.week_of(day) for day in days] == [1, 1, 2, 3]

"""Random lives of a district: whatever is done, delivered, repeated, lost or killed on the way, no invariant breaks.

Each example is a list of steps, so hypothesis shortens it when it fails; the same lists are tried in every run.
More of them, and others each time: `pytest --hypothesis-profile=long tests/properties`.
"""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.invariants import at_rest, broken, unheard
from tests.properties.life import OFTEN, STEPS, Life
from tests.properties.seedling import Seedling

IS_USUAL = settings.get_current_profile_name() == "kehou"
EXAMPLES = settings(max_examples=15, derandomize=True) if IS_USUAL else settings()
NOT_YET = {"INV-ATT-02"}
"""Holds when a day is over, which a life need not be when it is looked at."""

BEHIND_THEIR_BACKS = ["live_on", "catch_up", "renew", "strike", *["live_on"] * 7, "catch_up"]
"""A finding that the school has not heard when the teacher comes in: the children are kept, the service is not paid."""

lives = st.lists(st.tuples(st.sampled_from([*STEPS, *OFTEN]), st.integers(0, 2**16)), min_size=40, max_size=70)


@pytest.mark.timeout(900)
@EXAMPLES
@given(steps=lives)
@example(steps=[(name, 1) for name in BEHIND_THEIR_BACKS])
def test_no_life_of_a_district_breaks_an_invariant(seedling: Seedling, steps: list[tuple[str, int]]) -> None:
    life = Life(seedling.copy())
    missed = unheard(life.world.read)
    try:
        for name, seed in steps:
            life.step(name, seed)
        life.settle()
        assert at_rest(life.world.read, missed=missed)
        assert life.money_kept() == life.came
        assert [one for one in broken(life.world.read, life.world.district) if one.invariant not in NOT_YET] == []
    finally:
        life.end()

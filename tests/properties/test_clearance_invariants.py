"""INV-VET-03, -04, -05, -12, -13, -15, -16 hold after every step of any life of a person in vetting.

More lives, and others each time: `pytest --hypothesis-profile=long tests/properties/test_clearance_invariants.py`.
"""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.properties.clearing import OFTEN, STEPS, Clearing
from tests.world import House

IS_USUAL = settings.get_current_profile_name() == "kehou"
EXAMPLES = settings(max_examples=6, derandomize=True) if IS_USUAL else settings()

A_YEAR_AND_BACK = ["review", "check", "clear", "assign", "accuse", "decide", "pass_days", "review", "check", "clear"]
AND_JUDGED = ["prosecute", "hit", "object", "object", "object"]
"""The shortest way into every state, so that no example depends on luck to get there."""

lives = st.lists(st.tuples(st.sampled_from([*STEPS, *OFTEN]), st.integers(0, 2**16)), min_size=15, max_size=35)


@pytest.mark.timeout(300)
@EXAMPLES
@given(steps=lives)
@example(steps=[(name, seed) for seed in (1, 2, 3) for name in (*A_YEAR_AND_BACK, *AND_JUDGED)])
def test_no_life_in_vetting_breaks_an_invariant(house: House, steps: list[tuple[str, int]]) -> None:
    life = Clearing(house)
    try:
        for name, seed in steps:
            life.step(name, seed)
            assert life.broken() == []
    finally:
        life.end()

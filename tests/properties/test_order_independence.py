"""INV-X-07: a log that is permuted, repeated or replayed from zero leaves every listener in the same business state.

The log of a whole P5 term is heard by each listener alone, in databases of its own; its commands are not replayed.
Left out of the comparison, and why that is right:

- what tells how it came about (`replay.DELIVERY`): receipts, positions, what was said in turn and whom it was told;
- `version` and `created_at`: how often and when a row was written; timers that were fired;
- ids that the listener made itself, and the instant of writing: a replay makes others;
- `plans.ready_at`: that all points of the checklist held at one moment, which is said once and asked again by G-READY;
- finance does not hear `enrollment.plan.closed`: it shuts a gate (G-FILE), so what could not be billed before, because
  the policy itself had not arrived, stays a draft for a person to decide about.
"""

import random
from collections.abc import Iterator

import pytest

from shared.runtime import SERVICES
from tests.properties.log import Log, carelessly, heard_by, in_order, shuffled
from tests.properties.replay import Replay, State, differences
from tests.servers.postgres import PostgresServer
from tests.stories.played import PlayedTerm
from tests.world import House, World, build_house

SEEDS = (1, 2)
NOT_HEARD = {"finance": ("enrollment.plan.closed",)}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A second PostgreSQL; there it is the small hours of the first day, and stays so."""
    with PostgresServer() as server:
        house = build_house(server, tmp_path_factory.mktemp("fresh"))
        world = World(house, house.assembled(SERVICES))
        world.set_time(world.at(3))
        yield world
        world.http.close()
        house.close()


@pytest.fixture(scope="module", params=SERVICES)
def listener(
    request: pytest.FixtureRequest, fresh: World, house: House, played_term: PlayedTerm
) -> tuple[Replay, Log, State]:
    """A listener, what it hears of the term, and where that leads when everything comes in order."""
    name: str = request.param
    heard = heard_by(played_term.log, fresh.suite.nodes[name].service.listens_to, NOT_HEARD.get(name, ()))
    replay = Replay(fresh, name, heard, house, played_term.stage.district)
    return replay, heard, replay.state_after(heard, in_order(heard))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
def test_streams_in_any_order_with_gaps_and_repetitions_end_in_the_same_state(
    listener: tuple[Replay, Log, State], seed: int
) -> None:
    replay, heard, state = listener
    assert differences(state, replay.state_after(heard, carelessly(heard, random.Random(seed)))) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
def test_subjects_in_any_order_within_their_stream_end_in_the_same_state(
    listener: tuple[Replay, Log, State], seed: int
) -> None:
    """More than the transport asks for: it keeps the order of a whole school."""
    replay, heard, state = listener
    chance = random.Random(seed)
    told = shuffled(heard, chance)
    assert differences(state, replay.state_after(told, carelessly(told, chance))) == []

"""A term, played to its end: by the test of the story, and for those who look at what it left behind."""

from dataclasses import dataclass

from tests.invariants import Broken, at_rest, broken
from tests.properties.log import Log, read_log
from tests.stories.closing import Account
from tests.stories.plots import PLOTS
from tests.stories.stage import SERVICES, Stage
from tests.stories.term import Term
from tests.world import KEYRING, House, World


@dataclass(frozen=True)
class PlayedTerm:
    """What is left of the term when everybody has heard everything."""

    stage: Stage
    accounts: list[Account]
    faults: list[Broken]
    log: Log


def play_term(house: House, plan: str, broker_url: str | None = None) -> PlayedTerm:
    """Play it with all loops of all four services, over loopback or a broker; nothing runs any more afterwards."""
    suite = house.suite(SERVICES, broker_url=broker_url)
    world = World(house, suite)
    try:
        world.deliver_all()
        suite.start()
        return _play(world, plan)
    finally:
        world.http.close()
        suite.stop()


def _play(world: World, plan: str) -> PlayedTerm:
    stage = Stage(world.http, world.house.issuer, KEYRING)
    term = Term(stage, PLOTS[plan], pupils=320, families=(8, 7, 7))
    term.play()
    stage.until(lambda: at_rest(world.read))
    faults = broken(world.read, stage.district)
    return PlayedTerm(stage, term.closing.accounts, faults, read_log(world.read, stage.district))

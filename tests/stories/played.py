"""A P5 term, played to its end: by the test of the story, and for those who look at what it left behind."""

from dataclasses import dataclass

from tests.invariants import Broken, at_rest, broken
from tests.properties.log import Log, read_log
from tests.stories.closing import Account, Closing
from tests.stories.opening import Opening
from tests.stories.service_week import ServiceWeek
from tests.stories.stage import Stage
from tests.world import KEYRING, House, World


@dataclass(frozen=True)
class PlayedTerm:
    """What is left of the term when everybody has heard everything."""

    stage: Stage
    accounts: list[Account]
    faults: list[Broken]
    log: Log


def play_term(house: House, broker_url: str | None = None) -> PlayedTerm:
    """Play it with all loops of all four services, over loopback or a broker; nothing runs any more afterwards."""
    suite = house.suite(("enrollment", "attendance", "finance", "vetting"), broker_url=broker_url)
    world = World(house, suite)
    try:
        world.deliver_all()
        suite.start()
        return _play(world)
    finally:
        world.http.close()
        suite.stop()


def _play(world: World) -> PlayedTerm:
    stage = Stage(world.http, world.house.issuer, KEYRING)
    opening = Opening(stage, pupils=240, families=(8, 7, 7))
    opening.play()
    week = ServiceWeek(opening)
    closing = Closing(week)
    closing.before_the_week()
    week.play()
    closing.play()
    stage.until(lambda: at_rest(world.read))
    return PlayedTerm(stage, closing.accounts, broken(world.read, stage.district), read_log(world.read, stage.district))

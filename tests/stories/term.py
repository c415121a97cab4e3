"""A whole term: opening, service days, closing."""

from tests.stories.closing import Closing
from tests.stories.opening import Opening
from tests.stories.plots import Plot
from tests.stories.service_week import ServiceWeek
from tests.stories.stage import Stage


class Term:
    """One plan's term on one stage."""

    week: ServiceWeek
    closing: Closing

    def __init__(self, stage: Stage, plot: Plot, *, pupils: int = 1800, families: tuple[int, ...] = (24, 8, 8)) -> None:
        self.opening = Opening(stage, plot, pupils=pupils, families=families)

    def play(self) -> None:
        """From the rostering file to the public statement."""
        self.opening.play()
        self.week = ServiceWeek(self.opening)
        self.closing = Closing(self.week)
        self.closing.before_the_week()
        self.week.play()
        self.closing.play()

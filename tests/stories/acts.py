"""An act: what one plan's term has and others have not, hung into the story at fixed places."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stories.closing import Closing
    from tests.stories.opening import Opening
    from tests.stories.service_week import ServiceWeek


class Act:
    """Does nothing anywhere; an act of a plan says what it does where. All of it is at the story's first school."""

    def __init__(self, opening: "Opening") -> None:
        self.opening = opening
        self.stage = opening.stage

    def before_the_plan(self) -> None:
        """Long before the term, the policy just in force."""

    def add_items(self) -> None:
        """The plan is a draft; approve more items for it."""

    def set_fees(self) -> None:
        """The fee of the school's own item is published."""

    def list_items(self) -> None:
        """The plan is on file, the notice not out yet."""

    def form_groups(self) -> None:
        """Families applied, and the school's own group is formed."""

    def fill_groups(self) -> None:
        """Participations are confirmed and active."""

    def schedule(self, week: "ServiceWeek") -> None:
        """The sessions of the school's own group are laid out and staffed."""

    def before_the_session(self, week: "ServiceWeek", day: int) -> None:
        """A service day (counted from 0), before the school's own session."""

    def after_the_session(self, week: "ServiceWeek", day: int) -> None:
        """All children of the school's own session have gone."""

    def settle(self, closing: "Closing") -> None:
        """The term is over, the accounts are still open."""

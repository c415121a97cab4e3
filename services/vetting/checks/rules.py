"""How a check goes (V2)."""

from datetime import date

from shared.refusals import Refused
from shared.states import Machine

CHECK = Machine(
    "准入查询 check",
    "REQUESTED",
    {
        ("REQUESTED", "submit"): "SUBMITTED",
        ("SUBMITTED", "clear"): "CLEAR",
        ("SUBMITTED", "hit"): "HIT",
        ("SUBMITTED", "inconclusive"): "INCONCLUSIVE",
    },
)

RESULTS = {"CLEAR": "clear", "HIT": "hit", "INCONCLUSIVE": "inconclusive"}


def need_past(as_of: date, today: date) -> None:
    """A result speaks of a day that has been."""
    if as_of > today:
        raise Refused("date_in_future", as_of=as_of.isoformat())

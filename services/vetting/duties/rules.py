"""When somebody leads the duty."""

from datetime import datetime

from shared.refusals import Invalid
from shared.states import Machine

DUTY = Machine("带班 duty", "NAMED", {("NAMED", "relieve"): "RELIEVED"})


def need_hours(starts_at: datetime, ends_at: datetime, *, is_one_day: bool) -> None:
    """A duty is between two instants of one day, the first of them earlier."""
    if not is_one_day or ends_at <= starts_at:
        raise Invalid({"ends_at": "not_later_on_the_same_day"})

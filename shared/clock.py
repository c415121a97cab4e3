"""Two clocks, and the only place that reads either.

Business time decides what rules and timers see. Outside production it can be shifted, so that a term passes in
minutes; the shift stands in the service's own database, where all its processes read it (`business_clock`).
Machine time is for leases, back-off and token expiry, and can never be set.
"""

from datetime import UTC, date, datetime, time, timedelta
from time import CLOCK_BOOTTIME, clock_gettime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")

LAST_DAY = date(9998, 12, 31)
"""The last date that a door takes where something ends on it: the instant after it can still be told."""


def machine_now() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never run backwards, and go on while the machine sleeps."""
    return clock_gettime(CLOCK_BOOTTIME)


def business_now(shift: timedelta) -> datetime:
    """Business time in UTC, given the shift that the service's database holds."""
    return machine_now() + shift


def local_date(moment: datetime) -> date:
    """The date on the wall in China at `moment`: policy bounds and service dates are local."""
    return moment.astimezone(LOCAL).date()


def day_begins(day: date) -> datetime:
    """The first instant of `day` on the wall in China."""
    return datetime.combine(day, time(), LOCAL)


def day_ends(day: date) -> datetime:
    """The first instant after `day` on the wall in China."""
    return day_begins(day + timedelta(days=1))

"""Reading in one service what was just decided in another: the reply to a change names how far its events go, and a
reader who hands that on is answered from a copy that has come so far, or told to ask again.
"""

import re
import threading
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select

from shared.clock import monotonic
from shared.database import Database
from shared.messaging.outbox import Reached
from shared.refusals import Invalid, Unavailable
from shared.tables import inbox_position

REPLY = "Kehou-Position"
"""Header of a reply: `vetting 0198… 0:12 3:40`, the service, its timeline, and the last number in each partition."""

REQUEST = "Kehou-Min-Position"
"""Header of a request: such a position."""

PATIENCE_SECONDS = 2.0
STEP_SECONDS = 0.02

_POSITION = re.compile(
    r"(?P<service>[a-z]+) (?P<timeline>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(?P<parts>( \d{1,2}:\d{1,18}){1,16})",
    re.ASCII,
)


def tell(service: str, reached: Sequence[Reached]) -> str:
    """The header's value; `reached` is not empty, and all of one timeline."""
    return " ".join([service, str(reached[0].timeline), *(f"{one.part}:{one.sequence}" for one in reached)])


def wait_until_heard(database: Database, position: str) -> None:
    """Return once this service's inbox has come so far.

    Raises Invalid when it is no position, Unavailable when the events do not come within PATIENCE_SECONDS.
    """
    service, wanted = _parse(position)
    deadline = monotonic() + PATIENCE_SECONDS
    while service != database.service and not _is_heard(database, service, wanted):
        if monotonic() > deadline:
            raise Unavailable("not_heard_yet", retry_after=1, service=service)
        threading.Event().wait(STEP_SECONDS)


def _parse(text: str) -> tuple[str, Sequence[Reached]]:
    found = _POSITION.fullmatch(text)
    if found is None:
        raise Invalid({REQUEST: "not_a_position"})
    pairs = (pair.split(":") for pair in found["parts"].split())
    return found["service"], [Reached(UUID(found["timeline"]), int(part), int(number)) for part, number in pairs]


def _is_heard(database: Database, service: str, wanted: Sequence[Reached]) -> bool:
    columns = inbox_position.c
    there = [
        and_(columns.timeline == one.timeline, columns.part == one.part, columns.sequence >= one.sequence)
        for one in wanted
    ]
    with database.session() as session:
        found = session.execute(select(columns.part).where(columns.source == f"/{service}", or_(*there))).all()
    return len(found) == len(wanted)

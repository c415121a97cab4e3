"""Fresh databases of one listener, in which the log of a district is heard again and again.

The listener's own decisions stand there before it hears anything, wound back to before it had heard what followed from
them (`OWN`); so what it hears finds sessions to staff, fees to charge and pupils to let in.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, insert, select, text

from shared import timers
from shared.messaging.inbox import Inbox
from shared.tables import SPINE
from tests.properties.log import Archive, Log
from tests.world import House, World

OWN: Mapping[str, Mapping[str, str]] = {
    "enrollment": {
        "policies": "",
        "terms": "",
        "pins": "",
        "plans": "state = 'FILED', ready_at = NULL",
        "items": "state = 'LISTED', suspended_for = NULL",
        "groups": "state = 'CONFIRMED', roll_version = 0",
        "agreements": "",
        "participations": "state = 'PENDING'",
        "places": "",
    },
    "attendance": {"sessions": "state = 'SCHEDULED', opened_at = NULL, closed_at = NULL, learning_minutes = NULL"},
    "finance": {"fee_standards": "", "fee_publications": "", "waivers": "", "rate_tables": ""},
    "vetting": {
        "assignments": "state = CASE state WHEN 'SERVED' THEN 'CONFIRMED' ELSE state END",
        "substitute_requests": "state = 'OPEN'",
    },
}
"""By service and table: rows that the listener's commands wrote, and SQL that winds them back."""

DELIVERY = frozenset(
    {
        "access_log",
        "business_clock",
        "feed_positions",
        "idempotency_keys",
        "inbox",
        "inbox_position",
        "jobs",
        "notifications",
        "outbox",
        "outbox_part",
        "outbox_subject",
    }
)
"""Tables that tell how something came about, and not what holds."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

State = dict[str, Counter[str]]
"""Each business table as a bag of rows."""


class Replay:
    """One listener of `world`, whose databases are emptied before each replay; its clock stands at `world.at(3)`."""

    def __init__(self, world: World, listener: str, log: Log, played: House, district: UUID) -> None:
        self._world = world
        self._node = world.suite.nodes[listener]
        self._tables: Mapping[str, Table] = {**SPINE.tables, **self._node.service.tables.tables}
        with played.past_walls(listener) as connection:
            self._own = {name: self._rows_of(connection, name, district) for name in OWN[listener]}
        told = (found for said in log.values() for one in said for found in _UUID.findall(one.body.decode()))
        own = (found for rows in self._own.values() for found in _UUID.findall(str([[*row.values()] for row in rows])))
        self._known = frozenset(told) | frozenset(own)

    def _rows_of(self, connection: Connection, table: str, district: UUID) -> list[dict[str, Any]]:
        rows = connection.execute(select(self._tables[table]).where(self._tables[table].c.district_id == district))
        return [dict(row) for row in rows.mappings()]

    def state_after(self, log: Log, batches: Iterable[list[bytes]]) -> State:
        """Begin again, hear everything, fire what is due at once; asserts that nothing is refused or left waiting."""
        self._begin_again()
        inbox = Inbox(self._node.service, self._node.database, Archive(log))
        for batch in batches:
            inbox.receive(batch)
        timers.fire_due(self._node.database, self._node.service.timers)
        with self._world.house.past_walls(self._node.service.name) as connection:
            assert connection.execute(text("SELECT type, error FROM inbox WHERE status <> 'done'")).all() == []
            return {name: self._bag(connection, name) for name in sorted(set(self._tables) - DELIVERY)}

    def _begin_again(self) -> None:
        emptied = ", ".join(sorted(set(self._tables) - {"outbox_part", "business_clock"}))
        with self._world.house.past_walls(self._node.service.name) as connection:
            connection.execute(text(f"TRUNCATE {emptied}"))
            for name, wound_back in OWN[self._node.service.name].items():
                if self._own[name]:
                    connection.execute(insert(self._tables[name]), self._own[name])
                if wound_back:
                    connection.execute(text(f"UPDATE {name} SET {wound_back}"))

    def _bag(self, connection: Connection, table: str) -> Counter[str]:
        waiting = "WHERE fired_at IS NULL" if table == "timers" else ""
        shown = f"SELECT to_jsonb(one) - 'version' - 'created_at' - 'ready_at' FROM {table} one {waiting}"
        return Counter(self._comparable(row) for row in connection.scalars(text(shown)))

    def _comparable(self, row: Any) -> str:
        plain = json.dumps(row, sort_keys=True, ensure_ascii=False)
        plain = _UUID.sub(lambda found: found[0] if found[0] in self._known else "new", plain)
        this_hour = self._world.at(3).astimezone(UTC).strftime("%Y-%m-%dT%H:")
        return re.sub(rf"{this_hour}[^\"]*", "now", plain)


def differences(one: State, other: State) -> list[str]:
    """What only one of the two holds."""
    missing = [f"- {table}: {row}" for table in one for row in one[table] - other[table]]
    return missing + [f"+ {table}: {row}" for table in one for row in other[table] - one[table]]

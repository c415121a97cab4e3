"""The tenant walls inside the database: row-level security, raised by each migration that makes a table.

The same filter stands in every query (`shared.messaging.work`); this is the second wall, for the query that forgot.
"""

from typing import Any

# An unset setting reads as NULL or as the empty string; either way nothing is seen.
_DISTRICT = "district_id = ANY (nullif(current_setting('kehou.districts', true), '')::uuid[])"
_SCHOOL = (
    "(current_setting('kehou.schools', true) = '*'"
    " OR school_id = ANY (nullif(nullif(current_setting('kehou.schools', true), '*'), '')::uuid[]))"
)

WITHOUT_WALLS = {
    "policies": "published law is no secret, and loops learn from it which districts there are",
    "jobs": "the clock finds the next one before it knows whose it is; its one door asks for the district",
    "timers": "the clock finds what is due before it knows whose it is; no door reads them",
    "notifications": "the clock sends whatever waits; no door reads them, and they hold no personal data",
}
"""The tables with a district that have no wall, each with its reason."""


def raise_walls(op: Any, *, district: tuple[str, ...] = (), school: tuple[str, ...] = ()) -> None:
    """Bind the app and worker roles to the caller's districts, and for `school` tables also to the caller's schools."""
    for table in (*district, *school):
        condition = _DISTRICT if table in district else f"{_DISTRICT} AND {_SCHOOL}"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({condition}) WITH CHECK ({condition})")


def keep_forever(op: Any, *tables: str) -> None:
    """Append-only: neither UPDATE nor DELETE, whoever asks (domain.md §4.3)."""
    for table in tables:
        change = f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
        op.execute(f"CREATE TRIGGER append_only {change} EXECUTE FUNCTION refuse_change()")

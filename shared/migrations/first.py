"""What the first migration of every service does besides making tables."""

from typing import Any

from sqlalchemy import insert

from shared.events import PARTITIONS
from shared.ids import new_id
from shared.tables import outbox_part
from shared.walls import keep_forever


def lay_spine(op: Any) -> None:
    """Begin the event numbers of every partition, and teach the database to refuse changes of append-only tables."""
    timeline = new_id()
    for part in range(PARTITIONS):
        op.execute(insert(outbox_part).values(part=part, timeline=timeline, last_sequence=0))
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME; END $$"
    )
    keep_forever(op, "access_log")

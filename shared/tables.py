"""The tables that every service has, in its own database, and the two bases of the tables that it owns."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from shared.ids import new_id

SPINE = MetaData()
Moment = DateTime(timezone=True)

COLUMN_TYPES: dict[Any, Any] = {datetime: Moment, dict[str, Any]: JSONB, list[Any]: JSONB, list[str]: ARRAY(Text)}
"""What an annotation means in the database; each service's declarative base takes it over."""

Sealed = Annotated[bytes, mapped_column(LargeBinary, info={"sealed": True})]
"""Type of a column `<field>_sealed` of a table with an `id`: sealed for that row and that field, under any key."""


class Row:
    """Base of what belongs to a district. `version` is behind the ETag and counts the changes of the row."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    district_id: Mapped[UUID] = mapped_column()
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805  # SQLAlchemy calls it with the class
        return {"version_id_col": cls.version}


class SchoolRow(Row):
    """Base of what belongs to one school."""

    __abstract__ = True

    school_id: Mapped[UUID] = mapped_column()


def _made() -> Column[Any]:
    return Column("created_at", Moment, server_default=func.now(), nullable=False)


# Delivery (messaging.md §3.4, §4)

outbox_part = Table(
    "outbox_part",
    SPINE,
    Column("part", SmallInteger, primary_key=True, autoincrement=False),
    Column("timeline", Uuid, nullable=False),
    Column("last_sequence", BigInteger, nullable=False, server_default="0"),
    postgresql_with={"fillfactor": 50},
)

outbox_subject = Table(
    "outbox_subject",
    SPINE,
    Column("subject", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

outbox = Table(
    "outbox",
    SPINE,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("timeline", Uuid, nullable=False),
    Column("part", SmallInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _made(),
    Column("sent_at", Moment),
    UniqueConstraint("timeline", "part", "sequence"),
    Index("outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),
    Index("outbox_sent", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
)

inbox = Table(
    "inbox",
    SPINE,
    Column("source", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("timeline", Uuid, nullable=False),
    Column("part", SmallInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("status", Text, nullable=False),  # done | refused | parked | dead
    Column("body", LargeBinary),  # kept while the event is not applied; afterwards the publisher's outbox is the log
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Moment),
    Column("error", Text),
    Column("received_at", Moment, server_default=func.now(), nullable=False),
    Index("inbox_waiting", "source", "subject", "sequence", postgresql_where=text("status IN ('parked', 'dead')")),
    Index("inbox_settled", "received_at", postgresql_where=text("status IN ('done', 'refused')")),
)

inbox_position = Table(
    "inbox_position",
    SPINE,
    Column("source", Text, primary_key=True),
    Column("timeline", Uuid, primary_key=True),
    Column("part", SmallInteger, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("fresh_from", Moment),  # the lease, by this database's clock_timestamp()
    Column("fresh_until", Moment),
)

feed_positions = Table(
    "feed_positions",
    SPINE,
    Column("publisher", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("district_id", Uuid, primary_key=True),
    Column("timeline", Uuid, nullable=False),
    Column("number", BigInteger, nullable=False),
)

# Time, jobs, people

business_clock = Table(
    "business_clock",
    SPINE,
    Column("only", Boolean, primary_key=True, server_default=text("true")),
    Column("shift", Interval, nullable=False),
)

timers = Table(
    "timers",
    SPINE,
    Column("id", Uuid, primary_key=True),
    Column("district_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("fired_at", Moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    _made(),
    Index("timers_waiting", "due_at", postgresql_where=text("fired_at IS NULL")),
    Index("timers_fired", "fired_at", postgresql_where=text("fired_at IS NOT NULL")),
    Index("timers_one_waiting", "kind", "subject", unique=True, postgresql_where=text("fired_at IS NULL")),
)

idempotency_keys = Table(
    "idempotency_keys",
    SPINE,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("etag", Text),
    Column("reply", JSONB, nullable=False),
    _made(),
    Index("idempotency_keys_by_age", "created_at"),
)

jobs = Table(
    "jobs",
    SPINE,
    Column("id", Uuid, primary_key=True),
    Column("district_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting | running | done | failed
    Column("input", JSONB, nullable=False),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("errors", JSONB, nullable=False, server_default="[]"),
    Column("result", JSONB),
    Column("created_by", Text, nullable=False),
    _made(),
    Column("finished_at", Moment),
    Index("jobs_waiting", "id", postgresql_where=text("state IN ('waiting', 'running')")),
)

notifications = Table(
    "notifications",
    SPINE,
    Column("id", Uuid, primary_key=True),
    Column("district_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("template", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    _made(),
    Column("sent_at", Moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index("notifications_unsent", "id", postgresql_where=text("sent_at IS NULL")),
    Index("notifications_sent", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
)

access_log = Table(
    "access_log",
    SPINE,
    Column("id", Uuid, primary_key=True),
    Column("district_id", Uuid, nullable=False),
    Column("at", Moment, server_default=func.now(), nullable=False),
    Column("caller", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("subjects", ARRAY(Uuid), nullable=False),
)

# What enrollment published and everybody needs (architecture.md §12, Policy)

policies = Table(
    "policies",
    SPINE,
    Column("district_id", Uuid, primary_key=True),
    Column("profile_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("effective_from", Moment),
)

pins = Table(
    "pins",
    SPINE,
    Column("school_id", Uuid, primary_key=True),
    Column("term_id", Uuid, primary_key=True),
    Column("district_id", Uuid, nullable=False),
    Column("plan_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("profile_id", Text, nullable=False),
    Column("profile_version", Integer, nullable=False),
    Column("subject_version", BigInteger, nullable=False),
)

terms = Table(
    "terms",
    SPINE,
    Column("term_id", Uuid, primary_key=True),
    Column("district_id", Uuid, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("collection_starts_on", Date, nullable=False),
    Column("school_days", ARRAY(Date), nullable=False),
    Column("subject_version", BigInteger, nullable=False),
)

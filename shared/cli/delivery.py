"""How far delivery is, and an operator's acts on it: status, outbox, inbox, timeline."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import click
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.cli import needs
from shared.cli.output import print_table
from shared.messaging import outbox as log_of_said
from shared.messaging.inbox import WAITING, release
from shared.runtime import SERVICES
from shared.tables import inbox as heard
from shared.tables import inbox_position, outbox_part, timers
from shared.tables import outbox as said

SERVICE = click.Choice(SERVICES)
_OVERDUE = timers.c.due_at < func.now() + func.coalesce(
    text("(SELECT shift FROM business_clock)"), text("interval '0'")
)


@contextmanager
def _session(service: str, urls: Mapping[str, str]) -> Iterator[Session]:
    """A session in a service's database, whose fault is told in a line."""
    engine = create_engine(urls["worker"].format(service=service))
    try:
        with Session(engine) as session:
            yield session
    except DBAPIError as fault:
        raise click.ClickException(f"{service}: {str(fault.orig).splitlines()[0]}") from None
    finally:
        engine.dispose()


def _print(headers: tuple[str, ...], rows_of: Callable[[Session], Iterator[tuple[Any, ...]]]) -> None:
    """A table with the rows of every service."""
    urls = needs.databases(needs.settings())
    rows = []
    for service in SERVICES:
        with _session(service, urls) as session:
            rows += [(service, *row) for row in rows_of(session)]
    print_table(("service", *headers), rows)


@click.command()
def status() -> None:
    """Show what waits, what was heard, how long leases last."""
    _print(("unsent", "parked", "dead", "overdue timers", "hears", "applied up to", "lease (s)"), _status)


def _status(session: Session) -> Iterator[tuple[Any, ...]]:
    by_state = select(heard.c.status, func.count()).where(heard.c.status.in_(WAITING)).group_by(heard.c.status)
    waiting = {row.status: row.count for row in session.execute(by_state)}
    figures: tuple[Any, ...] = (
        session.scalar(select(func.count()).select_from(said).where(said.c.sent_at.is_(None))),
        *(waiting.get(state, 0) for state in WAITING),
        session.scalar(select(func.count()).select_from(timers).where(timers.c.fired_at.is_(None), _OVERDUE)),
    )
    for position in session.execute(_POSITIONS):
        left = position.seconds_left
        lease = "none" if left is None else "stale" if left < 0 else f"{left:.0f}"
        yield (*figures, position.source, " ".join(map(str, position.numbers)), lease)
        figures = ("",) * len(figures)
    if figures[0] != "":
        yield (*figures, "", "", "")


_POSITIONS = (
    select(
        inbox_position.c.source,
        func.array_agg(aggregate_order_by(inbox_position.c.sequence, inbox_position.c.part)).label("numbers"),
        func.extract("epoch", func.min(inbox_position.c.fresh_until) - func.clock_timestamp()).label("seconds_left"),
    )
    .group_by(inbox_position.c.source, inbox_position.c.timeline)
    .order_by(inbox_position.c.source)
)


@click.group()
def outbox() -> None:
    """Events on their way out."""


@outbox.command(name="status")
def outbox_status() -> None:
    """Per partition: its timeline, the last number given, and what is not yet known to be with every listener."""
    _print(("partition", "timeline", "last number", "unsent", "oldest unsent"), _outbox_status)


def _outbox_status(session: Session) -> Iterator[tuple[Any, ...]]:
    unsent = (
        select(said.c.part, func.count().label("rows"), func.min(said.c.created_at).label("oldest"))
        .where(said.c.sent_at.is_(None))
        .group_by(said.c.part)
        .subquery()
    )
    query = (
        select(outbox_part, func.coalesce(unsent.c.rows, 0), unsent.c.oldest)
        .outerjoin(unsent, unsent.c.part == outbox_part.c.part)
        .order_by(outbox_part.c.part)
    )
    for row in session.execute(query):
        yield tuple(row)


@click.group()
def inbox() -> None:
    """Events that did not take effect."""


@inbox.command(name="status")
def inbox_status() -> None:
    """Every event that waits, with the kind of fault that it met; a parked one is tried again, a dead one is not."""
    columns = heard.c
    fields = (
        columns.event_id,
        columns.type,
        columns.subject,
        columns.status,
        columns.attempts,
        columns.next_attempt_at,
        columns.error,
    )
    query = (
        select(*fields).where(columns.status.in_(WAITING)).order_by(columns.source, columns.subject, columns.sequence)
    )
    headers = ("event", "type", "subject", "state", "attempts", "next attempt", "fault")
    _print(headers, lambda session: (tuple(row) for row in session.execute(query)))


@inbox.command()
@click.argument("service", type=SERVICE)
@click.option("--event", "events", type=click.UUID, multiple=True, help="This event.")
@click.option("--all", "every", is_flag=True, help="Every event that waits.")
def retry(service: str, events: tuple[UUID, ...], every: bool) -> None:
    """Give waiting events all their attempts again, after their cause is mended."""
    if bool(events) == every:
        raise click.UsageError("either --event or --all")
    with _session(service, needs.databases(needs.settings())) as session:
        chosen = events or session.scalars(select(heard.c.event_id).where(heard.c.status.in_(WAITING))).all()
        released = release(session, chosen)
        session.commit()
        click.echo(f"{service}: {released} will be tried again")


@click.group()
def timeline() -> None:
    """The numbering of a service's events."""


@timeline.command()
@click.argument("service", type=SERVICE)
@click.confirmation_option(prompt="Only after this service's database was restored from an older copy. Number afresh?")
def start(service: str) -> None:
    """Number a service's events afresh, after its database was restored and before anything of it runs again."""
    with _session(service, needs.databases(needs.settings())) as session:
        begun = log_of_said.start_timeline(session)
        session.commit()
        click.echo(f"{service}: timeline {begun}")

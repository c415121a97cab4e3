"""`kehou dead-letters`: what the broker gave up, for an operator (shared/messaging/dead_letters.py)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from pika.exceptions import AMQPError

from shared.cli import needs
from shared.cli.output import print_table
from shared.messaging.dead_letters import DeadLetter, ReplayRefused, list_dead, replay
from shared.messaging.dead_letters import show as find
from shared.messaging.topology import UNROUTED
from shared.runtime import SERVICES

LISTENER = click.Choice([*SERVICES, UNROUTED])


@click.group()
def dead_letters() -> None:
    """List, show and replay what the broker gave up.

    KEHOU_BROKER_URL is that of the broker's operator.
    """


@dead_letters.command(name="list")
@click.argument("listener", type=LISTENER)
@click.option("--limit", default=50, show_default=True)
def list_letters(listener: str, limit: int) -> None:
    """The oldest dead letters of a listener; all of them stay."""
    with _broker() as url:
        _print(list_dead(url, listener, limit))


@dead_letters.command()
@click.argument("listener", type=LISTENER)
@click.argument("message_id")
def show(listener: str, message_id: str) -> None:
    """One dead letter with its headers and bytes."""
    with _broker() as url:
        letter = find(url, listener, message_id)
    if letter is None:
        raise click.ClickException(f"no dead letter {message_id} of {listener}")
    _print([letter])
    for name, value in sorted(letter.headers.items()):
        click.echo(f"{name}: {value}")
    click.echo(letter.body.decode(errors="backslashreplace"))


@dead_letters.command(name="replay")
@click.argument("listener", type=LISTENER)
@click.option("--limit", type=int, help="At most so many.")
@click.option("--type", "type_", help="Only events of this name.")
@click.option("--subject", help="Only events about this id.")
@click.option("--dry-run", is_flag=True, help="Only say which.")
@click.option("--to-file", type=click.Path(dir_okay=False, path_type=Path), help="Move them there instead, as JSON.")
def put_back(
    listener: str, limit: int | None, type_: str | None, subject: str | None, dry_run: bool, to_file: Path | None
) -> None:
    """Put dead letters back into the queue that they came from, oldest first."""
    try:
        with _broker() as url:
            done = replay(url, listener, limit=limit, type=type_, subject=subject, dry_run=dry_run, to_file=to_file)
    except ReplayRefused as fault:
        raise click.ClickException(f"the broker would not take it back, it stays where it is: {fault}") from None
    _print(done)


@contextmanager
def _broker() -> Iterator[str]:
    """The broker's URL; its fault is told in a line."""
    url = needs.settings().broker_url
    if url is None:
        raise needs.SettingsFault("set KEHOU_BROKER_URL; with loopback look at kehou inbox status")
    try:
        yield url
    except AMQPError as fault:
        raise click.ClickException(f"the broker did not answer: {fault!r}") from None


def _print(letters: Sequence[DeadLetter]) -> None:
    print_table(
        ("message", "event", "subject", "back to", "reason", "replays"),
        (
            (letter.message_id, letter.type, letter.subject, letter.routing_key, letter.reason, letter.replays)
            for letter in letters
        ),
    )
    click.echo(f"{len(letters)} in all")

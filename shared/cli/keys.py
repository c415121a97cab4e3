"""`kehou keys`: under which keys personal data is sealed, and bringing it under the current one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError

from shared import key_rotation
from shared.cli import needs
from shared.cli.output import print_table
from shared.personal_data import Keyring
from shared.runtime import SERVICES, load_service

SERVICE = click.Choice(SERVICES)


@click.group()
def keys() -> None:
    """Under which keys personal data is sealed.

    To rotate: add the new key behind the current one and restart every process; put it in front and restart again;
    reseal; take the old key away once status shows nothing under it. Needs KEHOU_DATABASE_OWNER_URL.
    """


@keys.command()
@click.argument("service", type=SERVICE, required=False)
def status(service: str | None) -> None:
    """How many values are under which key, in one service or all four."""
    chosen = needs.settings()
    url, keyring = needs.owner_url(chosen), needs.keyring(chosen)
    rows: list[tuple[object, ...]] = []
    for name in [service] if service else SERVICES:
        with _owner(name, url) as engine:
            rows += [(name, *row) for row in _counted(name, engine, keyring)]
    print_table(("service", "column", "key", "values", ""), rows)


@keys.command()
@click.argument("service", type=SERVICE, required=False)
def reseal(service: str | None) -> None:
    """Bring every value under the current key, while the service runs.

    May be stopped and run again. Exit code 1 when values are left: their rows were in use, or no key here opens them.
    """
    chosen = needs.settings()
    url, keyring = needs.owner_url(chosen), needs.keyring(chosen)
    left = 0
    for name in [service] if service else SERVICES:
        with _owner(name, url) as engine:
            for chunk in key_rotation.reseal(engine, keyring, load_service(name).tables):
                click.echo(f"{name}: {chunk.column}: {chunk.done} resealed, {chunk.unopened} do not open")
            left += sum(count for _, key, count, _ in _counted(name, engine, keyring) if key != keyring.current)
    click.echo(f"{left} under other keys than {keyring.current}" + ("; run it again" if left else ""))
    sys.exit(1 if left else 0)


@contextmanager
def _owner(service: str, url: str) -> Iterator[Engine]:
    """A service's database as its owner, whose fault is told in a line."""
    engine = create_engine(url.format(service=service), hide_parameters=True)
    try:
        yield engine
    except DBAPIError as fault:
        raise click.ClickException(f"{service}: {str(fault.orig).splitlines()[0]}") from None
    finally:
        engine.dispose()


def _counted(service: str, engine: Engine, keyring: Keyring) -> Iterator[tuple[str, str, int, str]]:
    with engine.connect() as connection:
        for column, key, count in key_rotation.count_by_key(connection, load_service(service).tables):
            kind = "current" if key == keyring.current else "" if key in keyring.keys else "not in the keyring"
            yield column, key, count, kind

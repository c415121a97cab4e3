"""Databases: migrate them, write the next migration, and print what an administrator runs once per service."""

import shutil
import tempfile
from pathlib import Path

import click

from shared.cli import needs
from shared.database import ROLES
from shared.migrations import migrate as migrate_service
from shared.migrations import write_revision
from shared.provision import embedded, grants, provision, role_urls, statements
from shared.runtime import SERVICES


@click.command()
@click.argument("service", type=click.Choice(SERVICES), required=False)
def migrate(service: str | None) -> None:
    """Migrate one service's database, or all four, as its owner."""
    url = needs.owner_url(needs.settings(), make=True)
    for name in [service] if service else SERVICES:
        migrate_service(name, url.format(service=name))
        click.echo(f"{name}: migrated")


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--message", required=True, help="What it changes; becomes the file's name.")
def migration(service: str, message: str) -> None:
    """Write a service's next migration.

    It is the difference between the tables in code and the migrations so far, found on a PostgreSQL of its own that is
    thrown away.
    """
    if not message.strip():
        raise click.UsageError("say what the migration changes: --message")
    home = Path(tempfile.mkdtemp(prefix="kehou-migration-"))
    server, admin = embedded(home)
    try:
        provision(admin, (service,))
        owner = role_urls(admin)["owner"].format(service=service)
        migrate_service(service, owner)
        write_revision(service, owner, message)
    finally:
        server.cleanup()
        shutil.rmtree(home)
    click.echo(f"written: services/{service}/migrations; read it, then ruff format")


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
def provision_sql(service: str) -> None:
    """Print the SQL that makes a service's roles and database.

    An administrator runs it with psql, once, before the first migration.
    """
    lines = [
        *statements(service),
        f"CREATE DATABASE kehou_{service} OWNER {service}_owner",
        f"\\connect kehou_{service}",
        *grants(service),
        *(f"\\password {service}_{role}" for role in ROLES),
    ]
    for line in lines:
        click.echo(line if line.startswith("\\") else f"{line};")

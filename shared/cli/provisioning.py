"""`kehou provision`: what comes before every other process, by the administrator of PostgreSQL and RabbitMQ."""

import json
import secrets
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from shared.cli import needs
from shared.messaging.topology import OPERATOR, password_hash
from shared.provision import provision as provision_databases
from shared.provision import users
from shared.runtime import SERVICES
from shared.settings import Settings

DEVELOPMENT = "development"
"""The password of everybody where nobody has set one."""


@click.command()
@click.argument("definitions", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("written", type=click.Path(dir_okay=False, path_type=Path))
def provision(definitions: Path, written: Path) -> None:
    """Make databases, roles and the broker's users.

    DEFINITIONS are the broker's, without passwords; WRITTEN gets a copy with their hashes for RabbitMQ to load. May be
    repeated, and then sets the passwords of KEHOU_PASSWORDS anew.
    """
    chosen = needs.settings()
    needs.demand({"KEHOU_DATABASE_ADMIN_URL": chosen.database_urls.get("admin")})
    admin = make_url(chosen.database_urls["admin"])
    topology = json.loads(definitions.read_text(encoding="utf-8"))
    # An operator without a password cannot log in, which is well until one is needed.
    clients = [user for user in topology["users"] if user["name"] != OPERATOR or OPERATOR in chosen.passwords]
    database_users = [user for service in SERVICES for user in users(service)]
    _demand_passwords(chosen, [str(admin.username), *database_users, *(user["name"] for user in clients)])
    provision_databases(admin.set(password=chosen.passwords[str(admin.username)]), passwords=chosen.passwords)
    for user in clients:
        user["password_hash"] = password_hash(chosen.passwords[user["name"]], secrets.token_bytes(4))
    written.write_text(json.dumps(topology), encoding="utf-8")
    click.echo(f"provisioned: {len(SERVICES)} databases, {len(database_users)} roles, {len(clients)} broker users")


def _demand_passwords(chosen: Settings, names: list[str]) -> None:
    needs.demand({f"a password of {name} in KEHOU_PASSWORDS": chosen.passwords.get(name) for name in names})
    if chosen.is_production and (weak := [name for name in names if chosen.passwords[name] == DEVELOPMENT]):
        raise needs.SettingsFault(f"production takes no password {DEVELOPMENT!r}: set those of {', '.join(weak)}")

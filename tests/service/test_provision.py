"""`kehou provision`: what the administrator's process leaves behind on a real PostgreSQL, once and again."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from shared.cli import kehou
from shared.provision import users
from shared.runtime import SERVICES
from tests.servers.postgres import PostgresServer

DEFINITIONS = Path(__file__).parents[2] / "deploy/rabbitmq/definitions.json"
CLIENTS = [f"{service}-{role}" for service in SERVICES for role in ("relay", "consumer")]


def provision(server: PostgresServer, written: Path, password: str) -> None:
    """Run the command with one password for everybody."""
    admin = make_url(server.url())
    everybody = [admin.username, *CLIENTS, *(user for service in SERVICES for user in users(service))]
    environment = {
        "KEHOU_DATABASE_ADMIN_URL": admin.render_as_string(hide_password=False),
        "KEHOU_PASSWORDS": ",".join(f"{user}={password}" for user in everybody),
    }
    done = CliRunner().invoke(kehou, ["provision", str(DEFINITIONS), str(written)], env=environment)
    assert done.exit_code == 0, done.output


def stored(server: PostgresServer) -> dict[str, str]:
    """User to what the server keeps of the password."""
    engine = create_engine(server.url(), poolclass=NullPool)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'vetting%'"))
        return dict(map(tuple, rows))


def test_every_user_gets_the_password_that_it_is_given_and_a_new_one_later(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    provision(postgres, tmp_path / "written", "first")
    before = stored(postgres)
    provision(postgres, tmp_path / "written", "second")
    after = stored(postgres)
    assert set(before) == set(users("vetting"))
    assert all(kept.startswith("SCRAM-SHA-256$") for kept in (*before.values(), *after.values()))
    assert all(before[user] != after[user] for user in before)


def test_the_broker_gets_hashes_and_no_password_but_the_operator_none(postgres: PostgresServer, tmp_path: Path) -> None:
    provision(postgres, tmp_path / "written", "not-to-be-found")
    text = (tmp_path / "written").read_text(encoding="utf-8")
    assert "not-to-be-found" not in text
    hashes = {user["name"]: user["password_hash"] for user in json.loads(text)["users"]}
    assert hashes.pop("operator") == ""
    assert set(hashes) == set(CLIENTS)
    for kept in hashes.values():
        salt, digest = base64.b64decode(kept)[:4], base64.b64decode(kept)[4:]
        assert digest == hashlib.sha256(salt + b"not-to-be-found").digest()
    assert len(set(hashes.values())) == len(CLIENTS)


def test_a_service_cannot_open_the_database_of_another(postgres: PostgresServer, tmp_path: Path) -> None:
    provision(postgres, tmp_path / "written", "any")
    own = make_url(postgres.url()).set(username="vetting_app", password="any", database="kehou_vetting")
    with create_engine(own, poolclass=NullPool).connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == "vetting_app"
    with pytest.raises(OperationalError, match="permission denied for database"):
        create_engine(own.set(database="kehou_finance"), poolclass=NullPool).connect()

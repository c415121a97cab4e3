"""`kehou run`: one role of one service in a process of its own, on the databases, broker and peers of the settings."""

import signal
import sys
import threading
from dataclasses import replace

import click

from shared.cli import needs
from shared.cli.serving import Opened, WebServer, log_to_stderr
from shared.peers import HttpPeers
from shared.runtime import ROLES, SERVICES, Loops, Node, load_service
from shared.settings import Settings
from shared.web.tokens import KeySource

WATCH_SECONDS = 1.0
NEEDED_BY = {
    "KEHOU_DATABASE_APP_URL": ("web",),
    "KEHOU_DATABASE_WORKER_URL": ("relay", "consumer", "clock"),
    "KEHOU_BROKER_URL": ("relay", "consumer"),
    "KEHOU_PEERS": ("consumer",),
    "KEHOU_KEYRING": ("web", "consumer", "clock"),
    "KEHOU_JWKS_URL": ("web",),
    "KEHOU_SERVICE_TOKEN": ("consumer",),
}
"""Variable to the roles that cannot do without it; no role is given another's secrets."""

STANDS_IN = ("KEHOU_KEYRING", "KEHOU_JWKS_URL", "KEHOU_SERVICE_TOKEN")
"""Outside production the data directory has a keyring and an issuer of its own."""


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--role", type=click.Choice([*ROLES, "all"]), default="all", show_default=True)
def run(service: str, role: str) -> None:
    """Run one role of one service until SIGTERM.

    Any number of processes may run the same:
    web answers HTTP and never touches the broker, relay publishes, consumer receives and keeps leases and copies,
    clock fires timers, runs jobs, sends messages and deletes what is older than the retention.
    """
    log_to_stderr(as_json=True)
    chosen = needs.settings()
    needs.demand(_wanted(chosen, service, role))
    if role == "web":
        WebServer(chosen.web_bind, lambda: _open(chosen, service, role), workers=chosen.web_workers).run()
    elif role == "all":
        WebServer(chosen.web_bind, lambda: _open(chosen, service, role)).run()
    else:
        _loop_until_stopped(chosen, service, role)


def _wanted(chosen: Settings, service: str, role: str) -> dict[str, object]:
    """Variable to its value, for all that the role cannot do without."""
    declared = load_service(service)
    heard = sorted({*declared.listens_to, *(declared.receipts.listeners if declared.receipts else ())})
    given = {
        "KEHOU_DATABASE_APP_URL": chosen.database_urls.get("app"),
        "KEHOU_DATABASE_WORKER_URL": chosen.database_urls.get("worker"),
        "KEHOU_BROKER_URL": chosen.broker_url,
        "KEHOU_PEERS": all(name in chosen.peers for name in heard),
        "KEHOU_KEYRING": chosen.keyring,
        "KEHOU_JWKS_URL": chosen.jwks_url,
        "KEHOU_SERVICE_TOKEN": chosen.service_token,
    }
    says = {"KEHOU_PEERS": f"KEHOU_PEERS (with {', '.join(heard)})"}
    wanted: dict[str, object] = {
        says.get(name, name): value
        for name, value in given.items()
        if _is_needed(name, role) and (chosen.is_production or name not in STANDS_IN)
    }
    if chosen.is_production and _signs(service, role):
        wanted["KEHOU_SIGNING_KEY"] = chosen.signing_key
    return wanted


def _signs(service: str, role: str) -> bool:
    """Only the web role of a service that signs for machines is given the key."""
    return role in ("web", "all") and load_service(service).signs


def _is_needed(variable: str, role: str) -> bool:
    return role == "all" or role in NEEDED_BY[variable]


def assemble(chosen: Settings, service: str, role: str) -> tuple[Node, HttpPeers]:
    """The service with what the role needs, and nothing more; nothing runs yet."""
    keyring = needs.keyring(chosen) if _is_needed("KEHOU_KEYRING", role) else None
    keys = needs.keys(chosen) if _is_needed("KEHOU_JWKS_URL", role) else KeySource(dict)
    token = needs.peer_token(chosen) if _is_needed("KEHOU_SERVICE_TOKEN", role) else _nobody
    if _signs(service, role):
        chosen = replace(chosen, signing_key=needs.signing_key(chosen))
    node = Node(service, chosen, chosen.database_urls, keyring, keys)
    return node, HttpPeers(chosen.peers, token)


def _start(chosen: Settings, service: str, role: str) -> tuple[Node, Loops]:
    node, peers = assemble(chosen, service, role)
    loops = Loops()
    loops.start(service, node.loops(role, peers))
    return node, loops


def _nobody(_: str) -> str:
    """The token of a role that asks no peer anything."""
    return ""


def _open(chosen: Settings, service: str, role: str) -> Opened:
    node, loops = _start(chosen, service, role)

    def close() -> None:
        loops.stop(node.wake)
        node.close()

    return Opened(node.application, close)


def _loop_until_stopped(chosen: Settings, service: str, role: str) -> None:
    """Exit code 1 when a loop ended by itself, so that whoever keeps the process running starts it anew."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    node, loops = _start(chosen, service, role)
    while loops.all_run() and not stop.wait(WATCH_SECONDS):
        pass
    ended_by_itself = not stop.is_set()
    loops.stop(node.wake)
    node.close()
    sys.exit(1 if ended_by_itself else 0)

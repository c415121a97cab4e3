"""`kehou run`: one role of one service in a process of its own, on the databases, broker and peers of the settings."""

import signal
import sys
import threading

import click

from shared.cli import needs
from shared.cli.serving import Opened, WebServer, log_to_stderr
from shared.peers import HttpPeers
from shared.runtime import ROLES, SERVICES, Loops, Node, load_service
from shared.settings import Settings

WATCH_SECONDS = 1.0
ASKING = ("consumer", "all")
"""The roles that pull from other services."""


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
    wanted: dict[str, object] = {
        f"KEHOU_DATABASE_{user.upper()}_URL": chosen.database_urls.get(user) for user in ("app", "worker")
    }
    wanted["KEHOU_KEYRING"] = chosen.keyring
    if role in ("relay", "consumer", "all"):
        wanted["KEHOU_BROKER_URL"] = chosen.broker_url
    if role in ASKING:
        heard = load_service(service).listens_to
        wanted[f"KEHOU_PEERS (with {', '.join(heard)})"] = all(name in chosen.peers for name in heard)
    if chosen.is_production and role in ASKING:
        wanted["KEHOU_SERVICE_TOKEN"] = chosen.service_token
    if chosen.is_production:
        wanted["KEHOU_JWKS_URL"] = chosen.jwks_url
    return wanted


def _node(chosen: Settings, service: str, role: str) -> tuple[Node, Loops]:
    node = Node(service, chosen, chosen.database_urls, needs.keyring(chosen), needs.keys(chosen))
    peers = HttpPeers(chosen.peers, needs.peer_token(chosen) if role in ASKING else _nobody)
    loops = Loops()
    loops.start(service, node.loops(role, peers))
    return node, loops


def _nobody(_: str) -> str:
    """The token of a role that asks no peer anything."""
    return ""


def _open(chosen: Settings, service: str, role: str) -> Opened:
    node, loops = _node(chosen, service, role)

    def close() -> None:
        loops.stop(node.database.wake)
        node.close()

    return Opened(node.application, close)


def _loop_until_stopped(chosen: Settings, service: str, role: str) -> None:
    """Exit code 1 when a loop ended by itself, so that whoever keeps the process running starts it anew."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    node, loops = _node(chosen, service, role)
    while loops.all_run() and not stop.wait(WATCH_SECONDS):
        pass
    ended_by_itself = not stop.is_set()
    loops.stop(node.database.wake)
    node.close()
    sys.exit(1 if ended_by_itself else 0)

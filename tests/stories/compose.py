"""`make compose-story`: the term of `make demo` in containers, while processes are killed; exit 0 if nothing is broken.

It brings docker-compose.yml up as a project of its own, on fresh volumes and a free port, with two containers for every
role of vetting. While the term passes, one container of each role of each service after the other is killed, and comes
back by its restart policy. The command that talks to Docker follows as arguments; `docker compose` when there are none.
"""

import functools
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from shared.personal_data import Keyring
from shared.runtime import ROLES
from shared.web.issuer import DevelopmentIssuer
from tests.invariants import Read
from tests.stories.demo import ISSUER, play, verdict
from tests.stories.plots import HEBI
from tests.stories.stage import SERVICES, Stage
from tests.stories.term import Term

FILES = ("-p", "kehou-story", "-f", "docker-compose.yml", "-f", "tests/stories/compose.yml")
TWICE = [word for role in ROLES for word in ("--scale", f"vetting-{role}=2")]
VICTIMS = [f"{service}-{role}" for role in ROLES for service in SERVICES]
PAUSE_SECONDS = 10.0
PATIENCE_SECONDS = 300.0
RETRY_SECONDS = 0.2
ATTEMPTS = 1500
AWAY = (502, 503, 504)


@dataclass
class Containers:
    """The project, through the command that talks to Docker."""

    command: list[str]

    def __call__(self, *words: str, check: bool = True) -> str:
        """What the command prints."""
        environment = os.environ | {"KEHOU_BIND": "127.0.0.1:0"}
        line = [*self.command, *FILES, *words]
        return subprocess.run(line, env=environment, stdout=subprocess.PIPE, text=True, check=check).stdout.strip()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything is up; nothing is left afterwards, but images."""
        self("down", "--volumes", "--remove-orphans")
        try:
            self("up", "--detach", "--build", *TWICE)
            yield
        finally:
            self("down", "--volumes")

    def secret(self, name: str) -> str:
        """A file of the development volume."""
        return self("exec", "-T", "finance-web", "cat", f"/var/lib/kehou/{name}")

    def reader(self) -> Read:
        """Reads rows of a service's database, past its walls."""
        server = make_url(f"postgresql+psycopg://postgres:development@{self('port', 'postgres', '5432')}")

        def read(service: str, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
            engine = create_engine(server.set(database=f"kehou_{service}"), poolclass=NullPool)
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(sql), parameters)]

        return read

    @contextmanager
    def killing(self, http: httpx.Client, tell: Callable[[str], None]) -> Iterator[None]:
        """Kill one victim after another, round and round, each once the service of the last one answers again."""
        over = threading.Event()

        def kill() -> None:
            for victim in itertools.cycle(VICTIMS):
                if over.wait(PAUSE_SECONDS):
                    return
                # Kills all but itself and the container's init, which then ends, as the container does.
                self("exec", "-T", victim, "sh", "-c", "kill -s KILL -- -1", check=False)
                tell(f"{' ' * 13}killed: {victim}")
                http.get(f"/{victim.partition('-')[0]}/readyz")

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()


class Patient(httpx.HTTPTransport):
    """Asks again, under the same Idempotency-Key, while nobody answers or the first attempt is still in flight."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        for _ in range(ATTEMPTS):
            with suppress(httpx.TransportError):
                reply = super().handle_request(request)
                reply.read()
                if reply.status_code not in AWAY and b"idempotency_key_in_flight" not in reply.content:
                    return reply
            time.sleep(RETRY_SECONDS)
        raise httpx.ConnectError(f"nobody answers after {ATTEMPTS} attempts", request=request)


def main(command: list[str]) -> int:
    """Play, report, check."""
    console, began = Console(), time.monotonic()
    containers = Containers(command or ["docker", "compose"])
    with containers.running(), tempfile.TemporaryDirectory() as home:
        console.print(f"all is up after {time.monotonic() - began:.0f} s")
        address = containers("port", "gateway", "8080")
        Path(home, "issuer.pem").write_text(containers.secret("issuer.pem"), encoding="ascii")
        issuer = DevelopmentIssuer(Path(home, "issuer.pem"), environment="development", issuer=ISSUER)
        with httpx.Client(base_url=f"http://{address}", timeout=60, transport=Patient()) as http:
            keyring = Keyring.parse(containers.secret("keyring"))
            tell = functools.partial(console.print, highlight=False)
            stage = Stage(http, issuer, keyring, tell=tell, patience=PATIENCE_SECONDS)
            term = Term(stage, HEBI, pupils=240, families=(8, 7, 7))
            with containers.killing(http, tell):
                faults = play(term, console, containers.reader())
        return verdict(console, faults, began)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

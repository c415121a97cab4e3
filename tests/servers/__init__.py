"""The servers that tests need, each started on free ports in a directory of its own and gone when the tests end.

Nothing here ever talks to a server that it did not start, and nothing is skipped because a server is missing.
"""

import fcntl
import itertools
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Below the kernel's ephemeral range, so that no outgoing connection takes the port before its server does; that also
# leaves 35672 to RabbitMQ's own command line tools.
_FIRST, _COUNT = 20_000, 10_000
_candidates = itertools.count(os.getpid() * 101)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and that this process has not handed out lately."""
    for candidate in itertools.islice(_candidates, _COUNT):
        port = _FIRST + candidate % _COUNT
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError(f"no free port between {_FIRST} and {_FIRST + _COUNT}")


@contextmanager
def alone(errand: str) -> Iterator[None]:
    """What changes the machine, such as adding a user, is done by one process at a time: the tests run in several."""
    with (Path(tempfile.gettempdir()) / f"kehou-{errand}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

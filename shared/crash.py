"""Named places where a test may kill or freeze this process, to prove that nothing is lost there. Off in production."""

import os
import signal

_armed: dict[str, list[int]] = {}


def arm(points: dict[str, int], blow: signal.Signals = signal.SIGKILL) -> None:
    """Send this process `blow` when it passes a named point for the n-th time."""
    _armed.update({name: [passings, blow] for name, passings in points.items()})


def crash_point(name: str) -> None:
    """Die or freeze here if a test asked for it."""
    if name in _armed:
        _armed[name][0] -= 1
        if _armed[name][0] == 0:
            os.kill(os.getpid(), _armed[name][1])

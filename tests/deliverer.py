"""Delivery in a process of its own, so that a test may kill or freeze it.

Vetting says, the services that hear it listen. The processes are forked from one that has everything imported, because
importing takes longer than a whole test.
"""

import functools
import multiprocessing
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import jwt.api_jwt

import shared.clock
from shared.crash import arm
from shared.messaging.lease import Lease
from shared.runtime import SERVICES, Loop, Loops, Suite, retry_parked
from tests.world import House, open_house

PUBLISHER = "vetting"
WATCH_SECONDS = 0.2
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.deliverer"])


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a process does: `relay` sends what vetting said, `consumer` takes it in for every listener."""

    roles: tuple[str, ...]
    urls: Mapping[str, str]
    data_dir: Path
    settings: Mapping[str, Any]
    kill: dict[str, int] = field(default_factory=dict)
    freeze: dict[str, int] = field(default_factory=dict)
    clock_is_off: timedelta = timedelta()


def start(order: Order) -> ForkServerProcess:
    """Start a process that delivers until it is killed; one whose loop ends by itself ends with 1."""
    process = _forks.Process(target=deliver, args=(order,), daemon=True)
    process.start()
    return process


def deliver(order: Order) -> None:
    """Run the loops of the roles."""
    arm(order.kill)
    arm(order.freeze, signal.SIGSTOP)
    if order.clock_is_off:
        set_clock_wrong(order.clock_is_off)
    house: House = open_house(order.urls, order.data_dir)
    house.migrated.update(SERVICES)
    suite = house.suite(SERVICES, **order.settings)
    loops = Loops()
    for role in order.roles:
        loops.start(role, {"relay": relay, "consumer": consumers}[role](suite))
    while loops.all_run():
        time.sleep(WATCH_SECONDS)
    sys.exit(1)


def relay(suite: Suite) -> list[Loop]:
    """Vetting's relay."""
    return [suite.nodes[PUBLISHER].relay(suite.publisher(PUBLISHER)).run]


def consumers(suite: Suite) -> list[Loop]:
    """Every listener's consumer (over loopback the relay is that, and only the parked events are left) and lease."""
    loops: list[Loop] = []
    for name, inbox in suite.inboxes.items():
        if PUBLISHER in inbox.service.listens_to:
            by_broker = suite.settings.broker_url is not None
            loops.append(suite.consumer(name).run if by_broker else functools.partial(retry_parked, inbox))
            loops.append(Lease(inbox, suite.peers, PUBLISHER, seconds=suite.settings.lease_seconds).run)
    return loops


def set_clock_wrong(by: timedelta) -> None:
    """Let this process read the time of a machine whose wall clock is wrong; its stop watch goes on as before."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Wrong":
            moment = super().now(tz)
            return moment + by

    for reader in (shared.clock, jwt.api_jwt):  # the tokens' library has a reading of its own
        vars(reader)["datetime"] = Wrong

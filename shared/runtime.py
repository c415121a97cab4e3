"""A process: which roles of which services run here, in threads, and how they reach each other.

`kehou run` runs one service's role with RabbitMQ and HTTP in between; `kehou up` and the tests run all four here.
"""

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import NotFound as NoSuchService

from shared import jobs, notifications, retention, timers
from shared.database import Database
from shared.messaging import feed, receipts
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import Inbox
from shared.messaging.lease import Lease
from shared.messaging.loopback import LoopbackPublisher
from shared.messaging.rabbit import RabbitPublisher
from shared.messaging.relay import Publisher, Relay
from shared.peers import LocalPeers, Peers, Token
from shared.personal_data import Keyring
from shared.service import Service
from shared.settings import Settings
from shared.signing import Signer
from shared.web.app import Surroundings, create_app
from shared.web.tokens import KeySource

log = structlog.get_logger()

SERVICES = ("enrollment", "attendance", "finance", "vetting")
ROLES = ("web", "relay", "consumer", "clock")

CLOCK_SECONDS = 0.25
PRUNE_SECONDS = 3600.0

Loop = Callable[[threading.Event], None]


def load_service(name: str) -> Service:
    """The declaration in `services/<name>/service.py`."""
    declared: Service = import_module(f"services.{name}.service").SERVICE
    return declared


class Loops:
    """Loops in threads of their own, until `stop`."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, loops: Sequence[Loop]) -> None:
        """Start a thread per loop."""
        for loop in loops:
            thread = threading.Thread(target=loop, args=(self._stop,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def all_run(self) -> bool:
        """Whether no loop has ended by itself, which only a defect makes it do."""
        return all(thread.is_alive() for thread in self._threads)

    def stop(self, *bells: threading.Event) -> None:
        """Stop every loop; `bells` wake those that wait for work."""
        self._stop.set()
        for bell in bells:
            bell.set()
        for thread in self._threads:
            thread.join(timeout=10)


class Node:
    """One service in this process: its databases, its web application, and the loops of its other roles.

    Each is made when first asked for, so that a process needs no more URLs and keys than its role does.
    """

    def __init__(
        self, name: str, settings: Settings, urls: Mapping[str, str], keyring: Keyring | None, keys: KeySource
    ) -> None:
        self.service = load_service(name)
        self.settings = settings
        self.wake = threading.Event()
        self._urls = urls
        self._keyring = keyring
        self._keys = keys
        self._opened: list[Database] = []

    @functools.cached_property
    def app_database(self) -> Database:
        """The database as the web role sees it."""
        return self._open("app")

    @functools.cached_property
    def database(self) -> Database:
        """The database as relay, consumer and clock see it."""
        return self._open("worker")

    @functools.cached_property
    def application(self) -> Flask:
        """The web role."""
        around = Surroundings(
            database=self.app_database,
            keys=self._keys,
            issuer=self.settings.issuer,
            production=self.settings.is_production,
        )
        return create_app(self.service, around)

    def _open(self, role: str) -> Database:
        url = self._urls[role].format(service=self.service.name)
        database = Database(
            self.service.name, url, self._keyring, signer=self._signer(), idle_seconds=self.settings.fence_seconds
        )
        # All databases of a process share one bell, so that a relay in the same process wakes at once.
        database.wake = self.wake
        self._opened.append(database)
        return database

    def _signer(self) -> Signer | None:
        key = self.settings.signing_key
        if key is None or not self.service.signs:
            return None
        return Signer(f"/{self.service.name}", key, timedelta(seconds=self.settings.lease_seconds))

    def inbox(self, peers: Peers) -> Inbox:
        """The service's door for events."""
        return Inbox(self.service, self.database, peers, self.settings.retry_seconds)

    def relay(self, publisher: Publisher) -> Relay:
        """A relay of this service's outbox."""
        return Relay(
            self.database,
            publisher,
            fence_seconds=self.settings.fence_seconds,
            poll_seconds=self.settings.poll_seconds,
        )

    def rabbit(self) -> RabbitPublisher:
        """How its events reach RabbitMQ; connects when there is something to publish."""
        return RabbitPublisher(self._broker(), heartbeat=self.settings.heartbeat_seconds)

    def consumer(self, inbox: Inbox) -> Consumer:
        """How events reach it over RabbitMQ."""
        return Consumer(
            self._broker(),
            inbox,
            replica=self.settings.replica,
            replicas=self.settings.replicas,
            heartbeat=self.settings.heartbeat_seconds,
        )

    def _broker(self) -> str:
        if self.settings.broker_url is None:
            raise ValueError("no broker is set: loopback needs neither publisher nor consumer")
        return self.settings.broker_url

    def loops(self, role: str, peers: Peers) -> list[Loop]:
        """What a role of `kehou run` does besides answering HTTP; `all` is every role."""
        made: dict[str, Callable[[], list[Loop]]] = {
            "web": list,
            "relay": lambda: [self.relay(self.rabbit()).run],
            "consumer": lambda: self._listening(self.inbox(peers), peers),
            "clock": lambda: [self.clock, self.prune],
        }
        return [loop for name in (ROLES if role == "all" else (role,)) for loop in made[name]()]

    def _listening(self, inbox: Inbox, peers: Peers) -> list[Loop]:
        return [self.consumer(inbox).run, *self.leases(inbox, peers), *self.feeds(peers)]

    def leases(self, inbox: Inbox, peers: Peers) -> list[Loop]:
        """A loop per publisher whose facts are trusted only while fresh."""
        seconds = self.settings.lease_seconds
        return [Lease(inbox, peers, publisher, seconds=seconds).run for publisher in self.service.listens_to]

    def feeds(self, peers: Peers) -> list[Loop]:
        """A loop per feed that the service keeps a copy of, and one for the receipts of its listeners."""
        seconds, wanted = self.settings.feed_seconds, self.service.receipts
        loops: list[Loop] = [
            functools.partial(feed.follow, self.database, peers, one, seconds) for one in self.service.feeds
        ]
        if wanted is not None:
            loops.append(functools.partial(receipts.follow, self.database, peers, wanted, seconds))
        return loops

    def clock(self, stop: threading.Event) -> None:
        """Fire timers, run jobs, send messages, until `stop`."""
        channel = notifications.LogChannel()
        while not stop.is_set():
            try:
                timers.fire_due(self.database, self.service.timers)
                jobs.run_waiting(self.database, self.service.jobs)
                notifications.send_waiting(self.database, channel)
            except DBAPIError as fault:
                log.warning("clock_database_fault", service=self.service.name, fault=type(fault.orig).__name__)
            stop.wait(CLOCK_SECONDS)

    def prune(self, stop: threading.Event) -> None:
        """Delete what is older than the retention, every hour until `stop`."""
        kept = timedelta(days=self.settings.retention_days)
        while not stop.is_set():
            try:
                while not stop.is_set() and retention.prune(self.database, kept):
                    stop.wait(self.settings.poll_seconds)
            except DBAPIError as fault:
                log.warning("prune_database_fault", service=self.service.name, fault=type(fault.orig).__name__)
            stop.wait(PRUNE_SECONDS)

    def close(self) -> None:
        """Close the pools."""
        for database in self._opened:
            database.dispose()


def retry_parked(inbox: Inbox, stop: threading.Event) -> None:
    """Try parked events again as they come due; over RabbitMQ the consumer does this itself."""
    while not stop.wait(0.5):
        try:
            inbox.retry_due()
        except DBAPIError as fault:
            log.warning("retry_database_fault", service=inbox.service.name, fault=type(fault.orig).__name__)


def gateway(applications: Mapping[str, WSGIApplication]) -> WSGIApplication:
    """All services behind one port, chosen by the first segment of the path."""

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        name = environ.get("PATH_INFO", "").split("/")[1:2]
        application = applications.get(name[0]) if name else None
        return (application or NoSuchService())(environ, start_response)

    return choose


class Suite:
    """All four services in this process, over loopback, or over RabbitMQ when the settings name a broker."""

    def __init__(
        self,
        settings: Settings,
        urls: Mapping[str, str],
        keyring: Keyring,
        keys: KeySource,
        token: Token,
        services: Sequence[str] = SERVICES,
    ) -> None:
        self.settings = settings
        self.nodes = {name: Node(name, settings, urls, keyring, keys) for name in services}
        self.application = gateway({name: node.application for name, node in self.nodes.items()})
        self.peers = LocalPeers(self.application, token)
        self.inboxes = {name: node.inbox(self.peers) for name, node in self.nodes.items()}
        self._loops = Loops()

    def publisher(self, name: str) -> Publisher:
        """How the events of one service leave it."""
        if self.settings.broker_url is not None:
            return self.nodes[name].rabbit()
        return LoopbackPublisher([inbox for inbox in self.inboxes.values() if name in inbox.service.listens_to])

    def consumer(self, name: str) -> Consumer:
        """How events reach one service over RabbitMQ."""
        return self.nodes[name].consumer(self.inboxes[name])

    def start(self) -> None:
        """Start every loop of every service."""
        for name, node in self.nodes.items():
            if self.settings.broker_url is not None:
                self._loops.start(name, node.loops("all", self.peers))
                continue
            inbox = self.inboxes[name]
            retry = functools.partial(retry_parked, inbox)
            relay = node.relay(self.publisher(name))
            clock = node.loops("clock", self.peers)
            pulls = [*node.leases(inbox, self.peers), *node.feeds(self.peers)]
            self._loops.start(name, [relay.run, *clock, retry, *pulls])

    def stop(self) -> None:
        """Stop every loop and close every pool."""
        self._loops.stop(*(node.wake for node in self.nodes.values()))
        for node in self.nodes.values():
            node.close()

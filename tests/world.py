"""What a test stands in: a fresh district with three schools, on databases that the whole test run shares.

Events of a service that is not the test's subject come from `hear`, as that publisher would have said them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Connection, Engine, create_engine, delete, insert, select, text
from sqlalchemy.engine import make_url

from shared import jobs, timers
from shared.clock import LOCAL, machine_now
from shared.contracts.enrollment import CalendarPublished, PlanActivated, PlanFiled, PolicyProfilePublished
from shared.events import Envelope, Event, data_of, decode, encode
from shared.ids import new_id
from shared.migrations import migrate
from shared.personal_data import Keyring
from shared.policy import effective
from shared.provision import provision, role_urls
from shared.runtime import Suite
from shared.settings import Settings
from shared.signing import SigningKey
from shared.tables import business_clock, outbox
from shared.web.issuer import DevelopmentIssuer
from shared.web.tokens import KeySource
from tests.client import Client
from tests.servers.postgres import PostgresServer

MONDAY = date(2026, 9, 7)
KEYRING = Keyring.parse(
    "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=;index:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
)

SIGNING_KEY = SigningKey.generate()


def settings(data_dir: Path, **changes: Any) -> Settings:
    """Settings of a test: short waits."""
    chosen = Settings(
        environment="development",
        database_urls={},
        broker_url=None,
        peers={},
        keyring=KEYRING,
        issuer="https://issuer.test",
        jwks_url=None,
        data_dir=data_dir,
        lease_seconds=60.0,
        poll_seconds=0.05,
        heartbeat_seconds=5,
        fence_seconds=30,
        retry_seconds=(0.1, 0.1, 0.2),
        feed_seconds=30.0,  # every district of the whole run is asked for
        signing_key=SIGNING_KEY,
    )
    return replace(chosen, **changes)


@dataclass
class House:
    """Databases with roles, and who signs tokens."""

    urls: Mapping[str, str]
    issuer: DevelopmentIssuer
    data_dir: Path
    migrated: set[str] = field(default_factory=set)
    _assembled: dict[tuple[str, ...], Suite] = field(default_factory=dict)
    _administrators: dict[str, Engine] = field(default_factory=dict)

    def assembled(self, services: Sequence[str]) -> Suite:
        """The services without any loop running, assembled once for all tests that drive them step by step."""
        key = tuple(services)
        if key not in self._assembled:
            self._assembled[key] = self.suite(services)
        return self._assembled[key]

    def close(self) -> None:
        """Close what was assembled."""
        for suite in self._assembled.values():
            suite.stop()
        for engine in self._administrators.values():
            engine.dispose()

    def past_walls(self, service: str) -> AbstractContextManager[Connection]:
        """A transaction of the administrator in a service's database."""
        if service not in self._administrators:
            admin = make_url(self.urls["owner"].format(service=service)).set(username="postgres")
            self._administrators[service] = create_engine(admin)
        return self._administrators[service].begin()

    def reconnect(self) -> None:
        """Forget every pooled connection, after their server was restarted."""
        for suite in self._assembled.values():
            for node in suite.nodes.values():
                node.close()
        for engine in self._administrators.values():
            engine.dispose()

    def suite(self, services: Sequence[str], **changes: Any) -> Suite:
        """Services assembled in this process, not started; their tables are made when first needed."""
        for service in set(services) - self.migrated:
            migrate(service, self.urls["owner"].format(service=service))
            self.migrated.add(service)
        chosen = settings(self.data_dir, **changes)
        return Suite(chosen, self.urls, KEYRING, KeySource(self.issuer.jwks), self.service_token, services)

    def service_token(self, target: str) -> str:
        """A token for the pulls between services."""
        return self.token(target, role="service", district=None, schools=None, person=None)

    def token(
        self, audience: str, *, role: str, district: UUID | None, schools: Sequence[UUID] | None, person: UUID | None
    ) -> str:
        """A token of one role."""
        return self.issuer.token(
            subject=str(person or role),
            roles=[role],
            district_ids=[district] if district else [],
            school_ids=schools,
            person_id=person,
            audience=audience,
            lifetime=timedelta(hours=1),
        )


def build_house(server: PostgresServer, data_dir: Path) -> House:
    """Databases and roles of the services on a running server."""
    admin = make_url(server.url())
    provision(admin)
    return open_house(role_urls(admin), data_dir)


def open_house(urls: Mapping[str, str], data_dir: Path) -> House:
    """The same house from another process."""
    issuer = DevelopmentIssuer(data_dir / "issuer.pem", environment="development", issuer="https://issuer.test")
    return House(urls, issuer, data_dir)


@dataclass
class World:
    """One district for one test."""

    house: House
    suite: Suite
    district: UUID = field(default_factory=new_id)
    schools: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(3)])
    term: UUID = field(default_factory=new_id)
    first_day: date = MONDAY
    _timeline: UUID = field(default_factory=new_id)
    _sequences: Counter[tuple[str, int]] = field(default_factory=Counter)
    _versions: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            transport=httpx.WSGITransport(app=self.suite.application, raise_app_exceptions=False),
            base_url="http://test",
        )
        self.set_time(datetime.combine(self.first_day, time(8), LOCAL))

    # Callers

    def as_(
        self, role: str, *, school: UUID | None = None, person: UUID | None = None, language: str = "zh-CN"
    ) -> Client:
        """A caller with one role, in one school or (None) in all schools of the district."""
        schools = [school] if school else None

        def token_for(service: str) -> str:
            return self.house.token(service, role=role, district=self.district, schools=schools, person=person)

        return Client(self.http, token_for, language)

    # Events

    def envelope(self, event: Event) -> bytes:
        """The next event of its publisher, as frozen bytes."""
        publisher, part = event.name.split(".")[0], event.partition
        self._sequences[publisher, part] += 1
        self._versions[event.subject] += 1
        return encode(
            Envelope(
                id=new_id(),
                source=f"/{publisher}",
                type=event.name,
                subject=event.subject,
                time=machine_now(),
                partition=part,
                sequence=self._sequences[publisher, part],
                timeline=self._timeline,
                district=event.district_id,
                school=event.school,
                actor="test",
                subject_version=self._versions[event.subject],
                causation_id=None,
                correlation_id=new_id(),
                traceparent=None,
                data=data_of(event),
            )
        )

    def hear(self, *events: Event) -> None:
        """Deliver events to every assembled service that listens to their publisher."""
        for event in events:
            body, publisher = self.envelope(event), event.name.split(".")[0]
            for inbox in self.suite.inboxes.values():
                if publisher in inbox.service.listens_to:
                    inbox.receive([body])

    def tell(self, service: str, *events: Event) -> None:
        """Deliver events to one service alone."""
        self.suite.inboxes[service].receive([self.envelope(event) for event in events])

    def said(self, service: str) -> list[Event]:
        """What a service said about this district, in order."""
        with self.suite.nodes[service].database.session() as session:
            bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.id)).all()
        envelopes = [decode(body) for body in bodies]
        events = [envelope.event() for envelope in envelopes if envelope.district == self.district]
        return [event for event in events if event is not None]

    def read(self, service: str, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Rows straight from a service's database, past its walls: for checks of what is stored."""
        with self.house.past_walls(service) as connection:
            return [tuple(row) for row in connection.execute(text(sql), parameters)]

    def change(self, service: str, sql: str, **parameters: object) -> None:
        """Change rows as nobody may: to stage what a test needs, or to plant a fault."""
        with self.house.past_walls(service) as connection:
            connection.execute(text(sql), parameters)

    def deliver_all(self) -> None:
        """Hand every unsent event to every listener, until nothing is left: the relay's work, step by step."""
        relays = [node.relay(self.suite.publisher(name)) for name, node in self.suite.nodes.items()]
        try:
            while sum(relay.step() or 0 for relay in relays):
                pass
        finally:
            for relay in relays:
                relay.close()

    # Time

    def set_time(self, moment: datetime) -> None:
        """Set business time in every assembled service."""
        shift = moment.astimezone(UTC) - machine_now()
        for node in self.suite.nodes.values():
            with node.database.session() as session:
                session.execute(delete(business_clock))
                session.execute(insert(business_clock).values(shift=shift))
                session.commit()

    def at(self, hour: int, minute: int = 0, *, day: int = 0) -> datetime:
        """Wall-clock time in China on the term's n-th calendar day."""
        return datetime.combine(self.first_day + timedelta(days=day), time(hour, minute), LOCAL)

    def run_timers(self, service: str) -> int:
        """Fire what is due now, however much other tests have left behind."""
        node, fired = self.suite.nodes[service], 0
        while more := timers.fire_due(node.database, node.service.timers):
            fired += more
        return fired

    def run_jobs(self, service: str) -> int:
        """Run the jobs that wait, to their ends."""
        node = self.suite.nodes[service]
        return jobs.run_waiting(node.database, node.service.jobs)

    # What enrollment would have published

    def publish_policy(self, base: str = "p5-hebi") -> None:
        """Put a profile in force in the district."""
        policy = effective(base)
        self.hear(
            PolicyProfilePublished(
                district_id=self.district,
                profile_id=policy.profile_id,
                profile_version=policy.version,
                sha256=policy.sha256,
                effective_from=self.first_day - timedelta(days=30),
                document=dict(policy.document),
            )
        )
        self.profile = (policy.profile_id, policy.version)

    def publish_calendar(self, days: int = 5) -> None:
        """A term of service days from Monday on, weekends left out."""
        span = (self.first_day + timedelta(days=offset) for offset in range(days * 2))
        school_days = tuple(day for day in span if day.weekday() < 5)[:days]
        self.hear(
            CalendarPublished(
                district_id=self.district,
                term_id=self.term,
                starts_on=school_days[0],
                ends_on=school_days[-1],
                collection_starts_on=school_days[0] - timedelta(days=14),
                school_days=school_days,
            )
        )

    def pin_plan(self, *schools: UUID) -> None:
        """File and activate a plan at schools (all of them by default), pinned to the published profile."""
        profile_id, version = self.profile
        for school in schools or self.schools:
            plan = new_id()
            for said in (PlanFiled, PlanActivated):
                self.hear(
                    said(
                        district_id=self.district,
                        school_id=school,
                        plan_id=plan,
                        term_id=self.term,
                        plan_version=1,
                        content_hash="0" * 64,
                        profile_id=profile_id,
                        profile_version=version,
                    )
                )

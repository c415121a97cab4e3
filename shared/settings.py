"""One frozen value from the environment (prefix KEHOU_). All faults in one message; nothing is read at import."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environs import Env, EnvValidationError, ValidationError, validate

from shared.personal_data import Keyring
from shared.signing import SigningKey

URL_ROLES = ("owner", "app", "worker", "admin")


@dataclass(frozen=True)
class Settings:
    """Times in seconds unless the name says otherwise."""

    environment: str
    """`production` forbids the settable business clock and the development issuer."""
    database_urls: dict[str, str]
    """Role (owner, app, worker, and admin to provision) to a SQLAlchemy URL with `{service}` as placeholder.

    Empty: embedded PostgreSQL."""
    broker_url: str | None
    """AMQP URL; None: loopback, which works within one process only."""
    peers: dict[str, str]
    """Service to its base URL, for the three pulls."""
    keyring: Keyring | None
    issuer: str
    jwks_url: str | None
    data_dir: Path
    lease_seconds: float
    """N of messaging.md §7: how long attendance trusts its copy of clearances without word from vetting."""
    poll_seconds: float
    """How long an idle relay or clock waits when nothing wakes it."""
    heartbeat_seconds: int
    fence_seconds: int
    """A relay whose session is idle this long loses its partitions, and any process a transaction that is."""
    retry_seconds: tuple[float, ...]
    """Back-off of a parked event; after the last one it is dead and waits for an operator."""
    feed_seconds: float = 5.0
    """How often the copies of names are brought up to date."""
    retention_days: int = 30
    """How long sent events, receipts, fired timers and sent messages are kept: listeners may be away so long."""
    signing_key: SigningKey | None = field(default=None, repr=False)
    """With what a service signs for machines that are offline; only vetting does (gate passes)."""
    service_token: str | None = None
    """What a process shows the other services in the three pulls; its audience names them all."""
    web_bind: str = "127.0.0.1:8000"
    web_workers: int = 2
    replica: int = 0
    """Which of a service's `replicas` consumers this one is, from 0: it takes its share of the partitions first."""
    replicas: int = 1
    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    """User of PostgreSQL or RabbitMQ to the password that `kehou provision` gives it; no other process is told."""

    @property
    def is_production(self) -> bool:
        """True where nothing made for development may work."""
        return self.environment == "production"


def load() -> Settings:
    """Read and check the environment; raises ValueError that names every fault at once."""
    env = Env(prefix="KEHOU_", eager=False)
    values = _read(env)
    try:
        env.seal()
    except EnvValidationError as fault:
        raise ValueError(f"settings: {fault.error_messages}") from None
    text, urls = values.pop("keyring"), values.pop("database_urls")
    signing = values.pop("signing_key")
    return Settings(
        **values,
        keyring=Keyring.parse(text) if text else None,
        signing_key=SigningKey.parse(signing) if signing else None,
        database_urls={role: url for role, url in urls.items() if url},
    )


def _read(env: Env) -> dict[str, Any]:
    """Every value; what is faulty is None here and is told by `env.seal`."""
    return {
        # A misspelled `production` must not quietly become development.
        "environment": env.str("ENV", "development", validate=validate.OneOf(["development", "production"])),
        "database_urls": {role: env.str(f"DATABASE_{role.upper()}_URL", "") for role in URL_ROLES},
        "broker_url": env.str("BROKER_URL", None, validate=_AMQP),
        "peers": env.dict("PEERS", {}),
        "keyring": env.str("KEYRING", "", validate=_is_keyring),
        "issuer": env.str("ISSUER", "https://issuer.kehou.example"),
        "jwks_url": env.str("JWKS_URL", None),
        "data_dir": Path(env.str("DATA_DIR", "var")),
        "lease_seconds": env.float("LEASE_SECONDS", 60.0),
        "poll_seconds": env.float("POLL_SECONDS", 0.1),
        "heartbeat_seconds": env.int("HEARTBEAT_SECONDS", 10),
        "fence_seconds": env.int("FENCE_SECONDS", 15),
        "retry_seconds": tuple(env.list("RETRY_SECONDS", [1, 5, 30, 300, 300, 300], subcast=float) or ()),
        "feed_seconds": env.float("FEED_SECONDS", 5.0),
        "retention_days": env.int("RETENTION_DAYS", 30, validate=validate.Range(min=1)),
        "signing_key": env.str("SIGNING_KEY", "", validate=_is_signing_key),
        "service_token": env.str("SERVICE_TOKEN", None),
        "web_bind": env.str("WEB_BIND", "127.0.0.1:8000"),
        "web_workers": env.int("WEB_WORKERS", 2, validate=validate.Range(min=1)),
        "replica": env.int("REPLICA", 0, validate=validate.Range(min=0)),
        "replicas": env.int("REPLICAS", 1, validate=validate.Range(min=1)),
        "passwords": env.dict("PASSWORDS", {}, validate=_are_plain),
    }


_AMQP = validate.Regexp(r"amqps?://[^:@/]+:[^@]+@.+", error="expected amqp://user:password@host:port/vhost")


def _are_plain(passwords: dict[str, str]) -> None:
    """They stand in URLs and in SQL, where anything else would want quoting."""
    if faulty := [user for user, password in passwords.items() if not re.fullmatch(r"[A-Za-z0-9_-]+", password)]:
        raise ValidationError(f"a password is made of letters, digits, - and _: {', '.join(faulty)}")


def _is_keyring(text: str) -> None:
    try:
        if text:
            Keyring.parse(text)
    except ValueError as fault:
        raise ValidationError(str(fault)) from None


def _is_signing_key(text: str) -> None:
    try:
        if text:
            SigningKey.parse(text)
    except ValueError as fault:
        raise ValidationError(str(fault)) from None

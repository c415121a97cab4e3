"""What a command needs from the settings, or one sentence that says what is missing (exit code 2)."""

import base64
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import click

from shared.database import ROLES
from shared.peers import Token, fetch_json
from shared.personal_data import Keyring
from shared.provision import embedded, provision, role_urls
from shared.secret_file import make_secret
from shared.settings import Settings, load
from shared.signing import SigningKey
from shared.web.issuer import DevelopmentIssuer
from shared.web.tokens import KeySource


class SettingsFault(click.ClickException):
    """The environment does not say what the command needs."""

    exit_code = 2


def settings() -> Settings:
    """The settings; raises SettingsFault that names every fault."""
    try:
        return load()
    except ValueError as fault:
        raise SettingsFault(str(fault)) from None


def demand(wanted: Mapping[str, object]) -> None:
    """Raise SettingsFault that names every variable without a value."""
    if missing := [name for name, value in wanted.items() if not value]:
        raise SettingsFault(f"set {', '.join(missing)}")


def databases(chosen: Settings, *, make: bool = False) -> Mapping[str, str]:
    """Role to URL template: the configured ones, or those of the embedded PostgreSQL, started until this process ends.

    Databases and roles are made when missing, but a first data directory only with `make`.
    """
    if chosen.database_urls or chosen.is_production:
        demand({f"KEHOU_DATABASE_{role.upper()}_URL": chosen.database_urls.get(role) for role in ROLES})
        return chosen.database_urls
    home = chosen.data_dir / "postgres"
    if not make and not (home / "PG_VERSION").exists():
        raise SettingsFault(f"nothing is stored under {chosen.data_dir}: start `kehou up`, or set KEHOU_DATABASE_*_URL")
    _, admin = embedded(home)
    provision(admin)
    return role_urls(admin)


def owner_url(chosen: Settings, *, make: bool = False) -> str:
    """URL template of the owner, for what only an owner may do; `make` as for `databases`."""
    if chosen.is_production:
        demand({"KEHOU_DATABASE_OWNER_URL": chosen.database_urls.get("owner")})
    return chosen.database_urls.get("owner") or databases(chosen, make=make)["owner"]


def keyring(chosen: Settings) -> Keyring:
    """The configured keys, or outside production those of `data_dir/keyring`, made on first use for its owner only."""
    if chosen.keyring is not None:
        return chosen.keyring
    if chosen.is_production:
        raise SettingsFault("set KEHOU_KEYRING")
    path = chosen.data_dir / "keyring"
    if not path.exists():
        _make_keyring(path)
    return Keyring.parse(path.read_text(encoding="ascii"))


def _make_keyring(path: Path) -> None:
    sealing, indexing = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    make_secret(path, f"development:{sealing};index:{indexing}".encode("ascii"))


def signing_key(chosen: Settings) -> SigningKey:
    """The configured key, or outside production that of `data_dir/signing.pem`, made on first use."""
    if chosen.signing_key is not None:
        return chosen.signing_key
    if chosen.is_production:
        raise SettingsFault("set KEHOU_SIGNING_KEY")
    path = chosen.data_dir / "signing.pem"
    if not path.exists():
        make_secret(path, SigningKey.generate().pem())
    return SigningKey.from_pem(path.read_bytes())


def development_issuer(chosen: Settings) -> DevelopmentIssuer:
    """The issuer whose key lies under the data directory; SettingsFault in production."""
    try:
        return DevelopmentIssuer(chosen.data_dir / "issuer.pem", environment=chosen.environment, issuer=chosen.issuer)
    except RuntimeError as fault:
        raise SettingsFault(str(fault)) from None


def keys(chosen: Settings) -> KeySource:
    """Whose tokens are believed: the configured issuer's, or outside production the development issuer's."""
    url = chosen.jwks_url
    return KeySource((lambda: fetch_json(url)) if url else development_issuer(chosen).jwks)


def peer_token(chosen: Settings) -> Token:
    """With what this process asks its peers: the configured token, or outside production the development issuer's."""
    given = chosen.service_token
    return (lambda _: given) if given else service_tokens(development_issuer(chosen))


def service_tokens(issuer: DevelopmentIssuer) -> Token:
    """Service tokens by the development issuer."""

    def token(target: str) -> str:
        return issuer.token(
            subject="service",
            roles=["service"],
            district_ids=[],
            school_ids=None,
            person_id=None,
            audience=target,
            lifetime=timedelta(minutes=10),
        )

    return token

"""Who is calling: bearer tokens (JWT) checked against the issuer's published keys (JWKS).

The issuer may be away for hours; a child must be released all the same. So the last good set of keys goes on
being used until the issuer answers again. Expiry is measured in machine time (PyJWT reads the machine's clock):
shifting business time can neither prolong nor end a token.
"""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Any
from uuid import UUID

import jwt

from shared import clock

_ALGORITHM_OF = {"EC": "ES256", "RSA": "RS256"}
"""Pinned by the kind of key: neither the token nor the key set has a say."""
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e")
LEEWAY_SECONDS = 30
MOST_PROVEN = 1024
"""How many good tokens a process remembers: checking a signature costs as much as a small request's statements."""

_log = logging.getLogger(__name__)

_REASONS: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "expired",
    jwt.ImmatureSignatureError: "not_yet_valid",
    jwt.InvalidAlgorithmError: "algorithm_not_allowed",
    jwt.InvalidAudienceError: "wrong_audience",
    jwt.InvalidIssuerError: "wrong_issuer",
    jwt.InvalidSignatureError: "bad_signature",
    jwt.MissingRequiredClaimError: "missing_claim",
}


class BadToken(Exception):
    """The token proves nothing.

    `reason_code` is safe to show and to count. `keys_unavailable` is the issuer's fault, not the caller's.
    """

    def __init__(self, reason_code: str) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a verified token says of its bearer; no name travels in it."""

    subject: str
    roles: frozenset[str]
    district_ids: frozenset[UUID]
    school_ids: frozenset[UUID] | None
    """None: every school of the districts, said by the claim `"*"` only. A missing claim is no school at all."""
    person_id: UUID | None


@dataclass(frozen=True)
class Proven:
    """A token once found good: it need not be checked again until it expires or its key is fetched anew."""

    kid: str
    key: jwt.PyJWK
    expires_at: float
    claims: Claims

    def is_over(self) -> bool:
        """Whether PyJWT would now call it expired."""
        return self.expires_at <= clock.machine_now().timestamp() - LEEWAY_SECONDS


class KeySource:
    """The issuer's public keys by key id, kept while the issuer is away. One for a process; threads share it."""

    def __init__(
        self,
        fetch: Callable[[], dict[str, Any]],
        *,
        lifespan: float = 3600.0,
        cooldown: float = 30.0,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        """`fetch` gets the JWKS document; it raises OSError when there is no answer, ValueError when it is no JSON.

        `lifespan` and `cooldown` are seconds: how long a set is used without asking, and how long to wait after a
        fetch, good or bad, before an unknown key id (or an outlived set) may cause the next one.
        """
        self._fetch = fetch
        self._lifespan = lifespan
        self._cooldown = cooldown
        self._monotonic = monotonic
        self._held: Mapping[str, jwt.PyJWK] = {}
        self.proven: dict[bytes, Proven] = {}
        self._tried_at = self._renew_at = -math.inf
        self._lock = Lock()

    def key(self, kid: str) -> jwt.PyJWK:
        """The key with this id; raises BadToken (`unknown_key`, `keys_unavailable`).

        Whoever holds a good key never waits for the lock: one thread renews an outlived set, the others go on.
        """
        held = self._held.get(kid)
        if held is not None and self._monotonic() < self._renew_at:
            return held
        if self._lock.acquire(blocking=held is None):
            try:
                self._renew(kid)
            finally:
                self._lock.release()
        found = self._held.get(kid)
        if found is None:
            raise BadToken("unknown_key" if self._held else "keys_unavailable")
        return found

    def _renew(self, kid: str) -> None:
        """Fetch if it is due; under the lock, since another thread may just have done it."""
        now = self._monotonic()
        if now < (self._renew_at if kid in self._held else self._tried_at + self._cooldown):
            return
        self._tried_at, self._renew_at = now, now + self._cooldown
        try:
            self._held = _usable(self._fetch())
        except (OSError, ValueError) as fault:
            _log.warning("signing keys not renewed, the last good set stays in use: %s", fault)
        else:
            self._renew_at = now + self._lifespan


def verify(token: str, keys: KeySource, *, issuer: str, audience: str) -> Claims:
    """The claims of a token signed by one of `keys` for `audience`; raises BadToken and nothing else."""
    seal = sha256("\n".join((issuer, audience, token)).encode(errors="surrogatepass")).digest()
    proven = keys.proven.get(seal)
    if proven is None or proven.is_over() or keys.key(proven.kid) is not proven.key:
        proven = _prove(token, keys, issuer, audience)
        if len(keys.proven) >= MOST_PROVEN:
            keys.proven.clear()
        keys.proven[seal] = proven
    return proven.claims


def _prove(token: str, keys: KeySource, issuer: str, audience: str) -> Proven:
    try:
        kid = jwt.get_unverified_header(token).get("kid") or ""
        key = keys.key(kid)
        payload = jwt.decode(
            token,
            key,
            algorithms=tuple(_ALGORITHM_OF.values()),
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
        )
    except (jwt.PyJWTError, UnicodeError) as fault:
        raise BadToken(_REASONS.get(type(fault), "malformed_token")) from fault
    try:
        return Proven(kid, key, int(payload["exp"]), _claims(payload))
    except ValueError as fault:
        raise BadToken("malformed_claims") from fault


def _usable(document: object) -> Mapping[str, jwt.PyJWK]:
    """The keys of a JWKS document that we could verify with; ValueError when there are none."""
    entries = document.get("keys") if isinstance(document, dict) else None
    usable = {}
    for entry in entries if isinstance(entries, list) else []:
        key = _public_key(entry)
        if key is not None:
            usable[entry["kid"]] = key
    if not usable:
        raise ValueError("no usable key in the issuer's key set")
    return usable


def _public_key(entry: object) -> jwt.PyJWK | None:
    """None for a key of another kind: an issuer may publish some that are not meant for us."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
        return None
    algorithm = _ALGORITHM_OF.get(str(entry.get("kty")))
    if algorithm is None or entry.get("alg", algorithm) != algorithm:
        return None
    try:
        return jwt.PyJWK.from_dict({name: entry[name] for name in _PUBLIC_MEMBERS if name in entry}, algorithm)
    except jwt.PyJWTError as fault:
        _log.warning("the issuer publishes a broken key %s: %s", entry["kid"], type(fault).__name__)
        return None


def _claims(payload: Mapping[str, Any]) -> Claims:
    schools, person = payload.get("school_ids", []), payload.get("person_id")
    return Claims(
        subject=_subject(payload["sub"]),
        roles=frozenset(_strings(payload.get("roles", []))),
        district_ids=_uuids(payload.get("district_ids", [])),
        school_ids=None if schools == "*" else _uuids(schools),
        person_id=None if person is None else UUID(_strings([person])[0]),
    )


def _subject(value: str) -> str:
    """Stored beside what its bearer does, so it must fit a text column and a log line."""
    if not 0 < len(value) <= 255 or not value.isprintable():
        raise ValueError("sub is empty, too long or not printable")
    return value


def _strings(value: object) -> list[str]:
    """Only a list will do: a bare string would otherwise be read letter by letter."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a claim is not a list of strings")
    return value


def _uuids(value: object) -> frozenset[UUID]:
    return frozenset(map(UUID, _strings(value)))

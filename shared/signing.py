"""A service's own signature: what a machine without a network can check with the public key alone.

The private key comes from the environment. Nothing signed holds longer than the lease, so that whoever loses a
clearance is believed offline no longer than by a listener that is cut off (messaging.md §7).
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.clock import machine_now

ALGORITHM = "ES256"


class SigningKey:
    """A P-256 private key, and its public half as a JWKS document."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        public = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
        self._kid = hashlib.sha256(f"{public['x']}.{public['y']}".encode()).hexdigest()[:16]
        self._public: dict[str, Any] = {**public, "kid": self._kid, "alg": ALGORITHM, "use": "sig"}

    @classmethod
    def generate(cls) -> "SigningKey":
        """A new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> "SigningKey":
        """Read PKCS #8; raises ValueError when it holds no P-256 key, and never shows what it holds."""
        try:
            private = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("no private key") from None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
            raise ValueError("no P-256 private key")
        return cls(private)

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Read the base64 of a PEM, which is how one line of an environment carries it; raises ValueError."""
        try:
            return cls.from_pem(base64.b64decode(text.strip(), validate=True))
        except binascii.Error:
            raise ValueError("a signing key is the base64 of a PEM") from None

    def pem(self) -> bytes:
        """PKCS #8, without a password."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWKS document."""
        return {"keys": [self._public]}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT."""
        return jwt.encode(dict(claims), self._private, algorithm=ALGORITHM, headers={"kid": self._kid})


@dataclass(frozen=True)
class Signer:
    """Signs for one service; `lease` is the longest that anything signed may hold."""

    issuer: str
    key: SigningKey
    lease: timedelta

    def sign(self, claims: Mapping[str, Any], *, at_most: timedelta) -> tuple[str, datetime]:
        """A JWT that holds from now by the machine's clock, and its end: after `at_most`, or the lease if sooner."""
        now = machine_now()
        ends = (now + min(at_most, self.lease)).replace(microsecond=0)
        return self.key.sign({"iss": self.issuer, "iat": now, "exp": ends, **claims}), ends

    def jwks(self) -> dict[str, Any]:
        """The public key."""
        return self.key.jwks()

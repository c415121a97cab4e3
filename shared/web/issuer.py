"""A token issuer for development, demonstration and tests; production has the district's identity provider.

Its private key is a file made on first use, so that the processes of one machine agree on it.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.clock import machine_now
from shared.secret_file import make_secret


class DevelopmentIssuer:
    """Signs ES256 tokens about anybody, for whoever can read its key file; never works in production."""

    def __init__(self, private_key_pem_path: Path, *, environment: str, issuer: str) -> None:
        """Load the key, or make it (mode 0600) when the file is missing.

        Raises RuntimeError in production and ValueError when the file holds no P-256 key.
        """
        if environment == "production":
            raise RuntimeError("the development issuer does not work in production: set KEHOU_JWKS_URL")
        if not private_key_pem_path.exists():
            _make_key(private_key_pem_path)
        self._private_key = _load_key(private_key_pem_path)
        self._issuer = issuer
        public = ECAlgorithm.to_jwk(self._private_key.public_key(), as_dict=True)
        self._kid = hashlib.sha256(f"{public['x']}.{public['y']}".encode()).hexdigest()[:16]
        self._public: dict[str, Any] = {**public, "kid": self._kid, "alg": "ES256", "use": "sig"}

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWKS document, what `KeySource` fetches."""
        return {"keys": [self._public]}

    def token(
        self,
        *,
        subject: str,
        roles: Iterable[str],
        district_ids: Iterable[UUID],
        school_ids: Iterable[UUID] | None,
        person_id: UUID | None,
        audience: str,
        lifetime: timedelta,
    ) -> str:
        """A signed token, valid from now on the machine's clock; `school_ids` None is every school of the districts."""
        now = machine_now()
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": audience,
            "sub": subject,
            "iat": now,
            "exp": now + lifetime,
            "roles": sorted(roles),
            "district_ids": sorted(map(str, district_ids)),
            "school_ids": "*" if school_ids is None else sorted(map(str, school_ids)),
        }
        if person_id is not None:
            claims["person_id"] = str(person_id)
        return jwt.encode(claims, self._private_key, algorithm="ES256", headers={"kid": self._kid})


def _make_key(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    make_secret(path, pem)


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError(f"{path} holds no P-256 private key")
    return key

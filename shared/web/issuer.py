"""A token issuer for development, demonstration and tests; production has the district's identity provider.

Its private key is a file made on first use, so that the processes of one machine agree on it.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.clock import machine_now
from shared.secret_file import make_secret
from shared.signing import SigningKey


class DevelopmentIssuer:
    """Signs ES256 tokens about anybody, for whoever can read its key file; never works in production."""

    def __init__(self, private_key_pem_path: Path, *, environment: str, issuer: str) -> None:
        """Load the key, or make it (mode 0600) when the file is missing.

        Raises RuntimeError in production and ValueError when the file holds no P-256 key.
        """
        if environment == "production":
            raise RuntimeError("the development issuer does not work in production: set KEHOU_JWKS_URL")
        if not private_key_pem_path.exists():
            make_secret(private_key_pem_path, SigningKey.generate().pem())
        self._key = SigningKey.from_pem(private_key_pem_path.read_bytes())
        self._issuer = issuer

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWKS document, what `KeySource` fetches."""
        return self._key.jwks()

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
        return self._key.sign(claims)

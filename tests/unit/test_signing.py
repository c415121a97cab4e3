"""A service's signature: checked with the public key, and never good for longer than the lease."""

import base64
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.signing import Signer, SigningKey

KEY = SigningKey.generate()


def line(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


@pytest.mark.parametrize(("at_most", "lasts"), [(timedelta(hours=3), 60), (timedelta(seconds=20), 20)])
def test_what_is_signed_holds_for_the_lease_or_less(at_most: timedelta, lasts: int) -> None:
    signer = Signer("/vetting", KEY, timedelta(seconds=60))
    token, ends = signer.sign({"sub": "somebody", "aud": "gate"}, at_most=at_most)
    key = jwt.PyJWKSet.from_dict(KEY.jwks()).keys[0]
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="gate", issuer="/vetting")
    assert lasts - 1 <= claims["exp"] - claims["iat"] <= lasts
    assert ends.timestamp() == claims["exp"]


def test_another_key_proves_nothing() -> None:
    token, _ = Signer("/vetting", SigningKey.generate(), timedelta(seconds=60)).sign({}, at_most=timedelta(hours=1))
    key = jwt.PyJWKSet.from_dict(KEY.jwks()).keys[0]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, key, algorithms=["ES256"])


def test_a_key_is_read_from_one_line_and_publishes_its_public_half_alone() -> None:
    read = SigningKey.parse(line(KEY.pem()))
    assert read.jwks() == KEY.jwks()
    assert set(read.jwks()["keys"][0]) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_a_key_of_another_kind_or_none_is_refused_without_being_shown() -> None:
    other = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for text in (line(other), line(b"secret"), "secret!"):
        with pytest.raises(ValueError, match="key") as refused:
            SigningKey.parse(text)
        assert text not in str(refused.value)

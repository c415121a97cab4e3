"""Bearer tokens: who is believed, for how long, and what happens while the issuer is away."""

import hmac
import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import example, given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

from shared.clock import machine_now
from shared.web.issuer import DevelopmentIssuer
from shared.web.tokens import BadToken, Claims, KeySource, verify

ISSUER, AUDIENCE = "https://issuer.test", "attendance"
DISTRICT, SCHOOL, PERSON = UUID(int=1), UUID(int=2), UUID(int=3)
MINUTE = timedelta(minutes=1)


class Provider:
    """An identity provider that can be taken away, and counts how often it is asked."""

    def __init__(self, jwks: Callable[[], dict[str, Any]]) -> None:
        self.jwks = jwks
        self.fault: Exception | None = None
        self.fetches = 0
        self.now = 0.0

    def fetch(self) -> dict[str, Any]:
        self.fetches += 1
        if self.fault:
            raise self.fault
        return self.jwks()

    def keys(self) -> KeySource:
        return KeySource(self.fetch, lifespan=3600, cooldown=30, monotonic=lambda: self.now)


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    return an_issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
def provider(issuer: DevelopmentIssuer) -> Provider:
    return Provider(issuer.jwks)


def an_issuer(folder: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(folder / "issuer.pem", environment="development", issuer=ISSUER)


def a_token(issuer: DevelopmentIssuer, **changes: Any) -> str:
    return issuer.token(
        **{
            "subject": "teacher-7",
            "roles": ["class_teacher"],
            "district_ids": [DISTRICT],
            "school_ids": [SCHOOL],
            "person_id": PERSON,
            "audience": AUDIENCE,
            "lifetime": MINUTE,
            **changes,
        }
    )


def private_key(issuer: DevelopmentIssuer) -> ec.EllipticCurvePrivateKey:
    return issuer._key._private


def by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token that PyJWT would refuse to make."""
    message = b".".join(base64url_encode(json.dumps(part).encode()) for part in (header, claims))
    return (message + b"." + base64url_encode(sign(message))).decode()


def signed(issuer: DevelopmentIssuer, claims: dict[str, Any]) -> str:
    """A token with whatever claims, under the issuer's own key."""
    kid = issuer.jwks()["keys"][0]["kid"]
    return jwt.encode(claims, private_key(issuer), algorithm="ES256", headers={"kid": kid})


def plain_claims(**changes: Any) -> dict[str, Any]:
    expiry = int((machine_now() + MINUTE).timestamp())
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": "teacher-7", "exp": expiry, **changes}


def check(token: str, keys: KeySource) -> Claims:
    return verify(token, keys, issuer=ISSUER, audience=AUDIENCE)


def refusal(token: str, keys: KeySource) -> str:
    with pytest.raises(BadToken) as refused:
        check(token, keys)
    return refused.value.reason_code


def test_a_token_says_who_is_calling_and_what_they_may_see(issuer: DevelopmentIssuer, provider: Provider) -> None:
    assert check(a_token(issuer), provider.keys()) == Claims(
        subject="teacher-7",
        roles=frozenset({"class_teacher"}),
        district_ids=frozenset({DISTRICT}),
        school_ids=frozenset({SCHOOL}),
        person_id=PERSON,
    )


def test_every_school_is_said_by_a_star_only(issuer: DevelopmentIssuer, provider: Provider) -> None:
    keys = provider.keys()
    assert check(a_token(issuer, school_ids=None), keys).school_ids is None
    assert check(signed(issuer, plain_claims()), keys).school_ids == frozenset()
    assert refusal(signed(issuer, plain_claims(school_ids=None)), keys) == "malformed_claims"
    assert refusal(signed(issuer, plain_claims(school_ids=["*"])), keys) == "malformed_claims"


def test_an_outlived_token_is_refused_after_half_a_minute_of_grace(
    issuer: DevelopmentIssuer, provider: Provider
) -> None:
    keys = provider.keys()
    assert check(a_token(issuer, lifetime=timedelta(seconds=-20)), keys).subject == "teacher-7"
    assert refusal(a_token(issuer, lifetime=timedelta(seconds=-31)), keys) == "expired"


def test_a_known_token_is_refused_when_its_time_is_over(issuer: DevelopmentIssuer, provider: Provider) -> None:
    keys, token = provider.keys(), a_token(issuer, lifetime=timedelta(seconds=-28))
    assert check(token, keys) == check(token, keys)
    time.sleep(3.0)
    assert refusal(token, keys) == "expired"


def test_a_known_token_is_no_better_for_another_service(issuer: DevelopmentIssuer, provider: Provider) -> None:
    keys, token = provider.keys(), a_token(issuer)
    check(token, keys)
    with pytest.raises(BadToken, match="wrong_audience"):
        verify(token, keys, issuer=ISSUER, audience="finance")


def test_only_so_many_good_tokens_are_remembered(
    issuer: DevelopmentIssuer, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.web.tokens.MOST_PROVEN", 2)
    keys = provider.keys()
    for number in range(5):
        check(a_token(issuer, subject=f"teacher-{number}"), keys)
        assert len(keys.proven) <= 2


def test_a_token_for_another_service_or_from_another_issuer_is_refused(
    issuer: DevelopmentIssuer, provider: Provider
) -> None:
    keys = provider.keys()
    assert refusal(a_token(issuer, audience="finance"), keys) == "wrong_audience"
    assert refusal(signed(issuer, plain_claims(iss="https://elsewhere.test")), keys) == "wrong_issuer"


@pytest.mark.parametrize("claim", ["exp", "iss", "aud", "sub"])
def test_a_token_without_a_required_claim_is_refused(issuer: DevelopmentIssuer, provider: Provider, claim: str) -> None:
    claims = plain_claims()
    del claims[claim]
    assert refusal(signed(issuer, claims), provider.keys()) == "missing_claim"


def test_an_unsigned_token_is_refused(issuer: DevelopmentIssuer, provider: Provider) -> None:
    kid = issuer.jwks()["keys"][0]["kid"]
    token = by_hand({"alg": "none", "kid": kid}, plain_claims(), lambda message: b"")
    assert refusal(token, provider.keys()) == "algorithm_not_allowed"


def test_the_public_key_is_no_shared_secret(issuer: DevelopmentIssuer, provider: Provider) -> None:
    """The confusion attack: HS256 with the published key as the secret. PyJWT will not sign that, so by hand."""
    public = (
        private_key(issuer)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    header = {"alg": "HS256", "typ": "JWT", "kid": issuer.jwks()["keys"][0]["kid"]}
    token = by_hand(header, plain_claims(), lambda message: hmac.digest(public, message, "sha256"))
    assert refusal(token, provider.keys()) == "algorithm_not_allowed"


def test_a_symmetric_key_in_the_key_set_is_not_used(issuer: DevelopmentIssuer, provider: Provider) -> None:
    secret = b"s" * 32
    weak = {"kty": "oct", "kid": "weak", "k": base64url_encode(secret).decode()}
    provider.jwks = lambda: {"keys": [weak, *issuer.jwks()["keys"]]}
    token = jwt.encode(plain_claims(), secret, algorithm="HS256", headers={"kid": "weak"})
    assert refusal(token, provider.keys()) == "unknown_key"


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_an_rsa_key_of_a_district_is_accepted_even_if_published_whole(
    provider: Provider, rsa_key: rsa.RSAPrivateKey
) -> None:
    token = jwt.encode(plain_claims(), rsa_key, algorithm="RS256", headers={"kid": "district"})
    for key in (rsa_key.public_key(), rsa_key):
        published = {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": "district", "use": "sig"}
        provider.jwks = partial(dict, keys=[published])
        assert check(token, provider.keys()).subject == "teacher-7"


@pytest.mark.parametrize("meant_for", [{"alg": "PS256"}, {"use": "enc"}])
def test_a_key_meant_for_something_else_is_not_used(
    issuer: DevelopmentIssuer, provider: Provider, rsa_key: rsa.RSAPrivateKey, meant_for: dict[str, str]
) -> None:
    published = {**RSAAlgorithm.to_jwk(rsa_key.public_key(), as_dict=True), "kid": "district", **meant_for}
    provider.jwks = lambda: {"keys": [published, *issuer.jwks()["keys"]]}
    token = jwt.encode(plain_claims(), rsa_key, algorithm="RS256", headers={"kid": "district"})
    assert refusal(token, provider.keys()) == "unknown_key"


def test_a_token_signed_by_a_stranger_under_a_known_key_id_is_refused(
    issuer: DevelopmentIssuer, provider: Provider, tmp_path: Path
) -> None:
    kid = issuer.jwks()["keys"][0]["kid"]
    stranger = an_issuer(tmp_path)
    token = jwt.encode(plain_claims(), private_key(stranger), algorithm="ES256", headers={"kid": kid})
    assert refusal(token, provider.keys()) == "bad_signature"


def test_many_tokens_cost_one_fetch(issuer: DevelopmentIssuer, provider: Provider) -> None:
    keys = provider.keys()
    for _ in range(5):
        check(a_token(issuer), keys)
    assert provider.fetches == 1


@pytest.mark.parametrize("fault", [ConnectionError("refused"), TimeoutError(), ValueError("no JSON"), None])
def test_known_keys_go_on_working_while_the_issuer_is_away(
    issuer: DevelopmentIssuer, provider: Provider, fault: Exception | None
) -> None:
    keys = provider.keys()
    check(a_token(issuer), keys)
    provider.fault, provider.jwks = fault, lambda: {"keys": []}
    for hours in (2, 50, 1000):
        provider.now = hours * 3600.0
        assert check(a_token(issuer), keys).subject == "teacher-7"
    assert provider.fetches == 4


def test_an_absent_issuer_is_asked_again_only_after_the_cooldown(issuer: DevelopmentIssuer, provider: Provider) -> None:
    provider.fault = ConnectionError()
    keys = provider.keys()
    token = a_token(issuer)
    for provider.now in (0.0, 10.0, 29.9):
        assert refusal(token, keys) == "keys_unavailable"
    assert provider.fetches == 1
    provider.now, provider.fault = 30.0, None
    assert check(token, keys).subject == "teacher-7"


def test_unknown_key_ids_cause_one_fetch_in_a_cooldown(
    issuer: DevelopmentIssuer, provider: Provider, tmp_path: Path
) -> None:
    keys = provider.keys()
    check(a_token(issuer), keys)
    rotated = an_issuer(tmp_path)
    provider.jwks = lambda: {"keys": [*issuer.jwks()["keys"], *rotated.jwks()["keys"]]}
    for provider.now in (1.0, 15.0, 29.9):
        assert refusal(a_token(rotated), keys) == "unknown_key"
    assert provider.fetches == 1
    provider.now = 30.0
    assert check(a_token(rotated), keys).subject == "teacher-7"
    assert provider.fetches == 2


def test_a_key_that_the_issuer_withdrew_is_refused_after_the_lifespan(
    issuer: DevelopmentIssuer, provider: Provider, tmp_path: Path
) -> None:
    keys, token = provider.keys(), a_token(issuer)
    check(token, keys)
    provider.jwks = an_issuer(tmp_path).jwks
    provider.now = 3599.0
    check(token, keys)
    provider.now = 3600.0
    assert refusal(token, keys) == "unknown_key"


def test_nobody_with_a_good_key_waits_for_another_ones_fetch(issuer: DevelopmentIssuer, provider: Provider) -> None:
    keys = provider.keys()
    token = a_token(issuer)
    check(token, keys)
    asked, answer = threading.Event(), threading.Event()

    def slowly() -> dict[str, Any]:
        asked.set()
        assert answer.wait(10)
        return issuer.jwks()

    provider.jwks, provider.now = slowly, 3600.0
    renewing = threading.Thread(target=check, args=(token, keys))
    renewing.start()
    try:
        assert asked.wait(10)
        provider.now = 3700.0  # so slow that the next renewal would be due already
        waiting = threading.Thread(target=check, args=(token, keys))
        waiting.start()
        waiting.join(5)
        assert not waiting.is_alive()
    finally:
        answer.set()
        renewing.join(10)
    assert provider.fetches == 2


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
claim_names = st.sampled_from(
    ["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "roles", "district_ids", "school_ids", "person_id"]
)


@given(changes=st.dictionaries(claim_names, anything, min_size=1, max_size=3))
def test_claims_of_any_shape_are_read_or_refused(issuer: DevelopmentIssuer, changes: dict[str, Any]) -> None:
    algorithm = jwt.get_algorithm_by_name("ES256")
    token = by_hand(
        {"alg": "ES256", "kid": issuer.jwks()["keys"][0]["kid"]},
        plain_claims(**changes),
        lambda message: algorithm.sign(message, private_key(issuer)),
    )
    try:
        claims = check(token, Provider(issuer.jwks).keys())
    except BadToken as refused:
        assert refused.reason_code
    else:
        assert claims.school_ids is not None or changes["school_ids"] == "*"


@pytest.mark.parametrize("value", [[1], "class_teacher", {"a": 1}, 5, True, None, [["x"]]])
@pytest.mark.parametrize("claim", ["roles", "district_ids", "school_ids"])
def test_a_claim_that_is_no_list_of_strings_is_refused(
    issuer: DevelopmentIssuer, provider: Provider, claim: str, value: object
) -> None:
    assert refusal(signed(issuer, plain_claims(**{claim: value})), provider.keys()) == "malformed_claims"


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\nb", "a\0b", "\ud800"])
def test_a_subject_that_fits_no_log_line_is_refused(
    issuer: DevelopmentIssuer, provider: Provider, subject: str
) -> None:
    assert refusal(signed(issuer, plain_claims(sub=subject)), provider.keys()) == "malformed_claims"


@given(
    token=st.text(st.characters(exclude_categories=()), max_size=60)
    | st.binary(max_size=60).map(lambda b: b.decode("latin-1"))
)
@example(token="\ud800")
def test_what_is_no_token_is_refused(issuer: DevelopmentIssuer, token: str) -> None:
    assert refusal(token, Provider(issuer.jwks).keys())


def test_a_header_nested_a_thousand_deep_is_refused(issuer: DevelopmentIssuer, provider: Provider) -> None:
    header = base64url_encode(b'{"kid":' + b"[" * 5000 + b"]" * 5000 + b"}").decode()
    assert refusal(f"{header}.e30.AAAA", provider.keys()) == "malformed_token"


@given(
    document=anything
    | st.fixed_dictionaries(
        {
            "keys": anything
            | st.lists(
                st.dictionaries(
                    st.sampled_from(["kid", "kty", "crv", "x", "y", "n", "e", "alg", "use"]),
                    anything | st.sampled_from(["EC", "RSA", "oct", "P-256", "ES256", "AQAB"]),
                ),
                max_size=3,
            )
        }
    )
)
@example(document={"keys": [{"kid": "odd", "kty": "EC", "alg": ["ES256"]}]})
@example(document={"keys": [{"kid": "odd", "kty": "oct"}]})
@example(document={"keys": [{"kid": "odd", "kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB"}]})
def test_a_key_set_of_any_shape_leaves_the_last_good_one_in_use(issuer: DevelopmentIssuer, document: Any) -> None:
    provider = Provider(issuer.jwks)
    keys = provider.keys()
    check(a_token(issuer), keys)
    provider.jwks, provider.now = lambda: document, 3600.0
    assert check(a_token(issuer), keys).subject == "teacher-7"

"""The issuer of development: it keeps its key to itself, and stays out of production."""

import stat
from pathlib import Path

import pytest

from shared.web.issuer import DevelopmentIssuer
from tests.unit.test_tokens import ISSUER, an_issuer


def test_the_development_issuer_keeps_its_key_to_itself_and_for_later(tmp_path: Path) -> None:
    first = an_issuer(tmp_path / "var")
    file = tmp_path / "var" / "issuer.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    assert an_issuer(tmp_path / "var").jwks() == first.jwks()
    assert "d" not in first.jwks()["keys"][0]


def test_the_development_issuer_does_not_work_in_production(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="production"):
        DevelopmentIssuer(tmp_path / "issuer.pem", environment="production", issuer=ISSUER)
    assert not (tmp_path / "issuer.pem").exists()

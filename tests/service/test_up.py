"""`kehou up`, started as a user starts it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from shared.runtime import SERVICES

KEHOU = Path(sys.executable).with_name("kehou")
START_SECONDS = 120
STOP_SECONDS = 60


@dataclass
class Running:
    """A suite that serves."""

    process: subprocess.Popen[bytes]
    home: Path
    port: int

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        """GET, as a stranger or with a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=30)

    def command(self, *words: str) -> str:
        """What another `kehou` command prints beside it."""
        done = subprocess.run([KEHOU, *words], env=_environment(self.home), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def _environment(home: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KEHOU_")}
    return plain | {"KEHOU_DATA_DIR": str(home / "var")}


@contextlib.contextmanager
def started(home: Path) -> Iterator[Running]:
    """A suite on a free port, with its data under `home`."""
    ready, output = home / "ready", home / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [KEHOU, "up", "--port", "0", "--ready-file", ready],
            env=_environment(home),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        yield Running(process, home, int(ready.read_text()))
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One suite for what only reads."""
    with started(tmp_path_factory.mktemp("up")) as running:
        yield running


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_lives_and_describes_itself(suite: Running, service: str) -> None:
    assert suite.get(f"/{service}/livez").json() == {"status": "alive"}
    assert suite.get(f"/{service}/readyz").json() == {"status": "ready"}
    assert f"/{service}/v1/watermark" in suite.get(f"/{service}/openapi.json").json()["paths"]
    assert f"/{service}/v1" in suite.get(f"/{service}/docs").text


@pytest.mark.parametrize("service", SERVICES)
def test_a_stranger_gets_a_problem_document(suite: Running, service: str) -> None:
    answer = suite.get(f"/{service}/v1/watermark")
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["code"] == "unauthenticated"


def test_a_token_made_beside_it_opens_a_door(suite: Running) -> None:
    token = suite.command("token", "--role", "operator", "--service", "finance")
    assert suite.get("/finance/v1/watermark", token).status_code == 200
    assert suite.get("/vetting/v1/watermark", token).status_code == 401


def test_the_issuers_keys_are_public_and_hold_nothing_private(suite: Running) -> None:
    (key,) = suite.get("/issuer/jwks.json").json()["keys"]
    assert "d" not in key
    assert suite.get("/issuer/issuer.pem").status_code == 404


def test_what_it_prints_leads_to_every_service(suite: Running) -> None:
    printed = (suite.home / "output").read_text()
    for service in SERVICES:
        assert f"http://127.0.0.1:{suite.port}/{service}/docs" in printed


def test_an_operator_sees_every_lease_alive(suite: Running) -> None:
    """The loops run: attendance has heard from vetting, and trusts it for a while."""
    deadline = time.monotonic() + 30
    while True:
        lines = [line for line in suite.command("status").splitlines() if "/vetting" in line and "attendance" in line]
        if lines and "none" not in lines[0] and "stale" not in lines[0]:
            return
        assert time.monotonic() < deadline, lines
        time.sleep(1)


def is_alive(pid: int) -> bool:
    """Whether a process runs; an ended one that nobody has asked after yet does not."""
    try:
        status: str = psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return False
    return bool(status != psutil.STATUS_ZOMBIE)


def test_a_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        postgres = int((tmp_path / "var" / "postgres" / "postmaster.pid").read_text().split()[0])
        family = [postgres, *(child.pid for child in psutil.Process(running.process.pid).children(recursive=True))]
        assert len(family) > 1
        assert all(map(is_alive, family))
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(STOP_SECONDS) == 0
    assert not list(filter(is_alive, family))
    assert "Traceback" not in (tmp_path / "output").read_text()

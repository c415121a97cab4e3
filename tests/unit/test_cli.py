"""The `kehou` command: what needs no server."""

import base64
import json
import re
import stat
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from shared.cli import COMMANDS, kehou, needs, policies, roles
from shared.database import Database
from shared.policy import base_names
from shared.runtime import ROLES, SERVICES
from shared.secret_file import make_secret
from shared.settings import load
from shared.web.issuer import DevelopmentIssuer
from shared.web.tokens import BadToken, KeySource, verify

DISTRICT = "01a20a8a-d06c-76e4-9127-ac96aafa8006"
DATABASE_USERS = [f"{service}_{role}" for service in SERVICES for role in ("owner", "app", "worker")]
BROKER_USERS = [f"{service}-{role}" for service in SERVICES for role in ("relay", "consumer")]
ISSUER = "https://issuer.kehou.example"
LISTENER = "vetting"
DEFINITIONS = Path(__file__).parents[2] / "deploy/rabbitmq/definitions.json"
HEARD = ("enrollment", "vetting")
"""Whom attendance hears, and so keeps a lease on."""

NOWHERE = "postgresql+psycopg://somebody@nowhere.invalid/{service}"
GIVEN = {
    "DATABASE_APP_URL": NOWHERE,
    "DATABASE_WORKER_URL": NOWHERE,
    "BROKER_URL": "amqp://somebody:secret@nowhere.invalid/kehou",
    "PEERS": ",".join(f"{service}=http://nowhere.invalid" for service in SERVICES),
    "KEYRING": f"a:{base64.b64encode(bytes(32)).decode()};index:{base64.b64encode(bytes([1] * 32)).decode()}",
    "JWKS_URL": "http://nowhere.invalid/jwks.json",
    "SERVICE_TOKEN": "token",
}


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that says nothing but where the data lies."""
    for name in ("ENV", "BROKER_URL", "KEYRING", "JWKS_URL", "DATABASE_OWNER_URL", "DATABASE_APP_URL"):
        monkeypatch.delenv(f"KEHOU_{name}", raising=False)
    monkeypatch.setenv("KEHOU_DATA_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


def run(*words: str, typed: str | None = None, **environment: str) -> Result:
    """Run the command with settings, given without their prefix."""
    settings = {f"KEHOU_{name}": value for name, value in environment.items()}
    return CliRunner().invoke(kehou, words, input=typed, env=settings)


def refused(result: Result) -> str:
    """The one message of a command that lacks something; no traceback."""
    assert (result.exit_code, type(result.exception)) == (2, SystemExit), result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_what_it_does(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: kehou {name}")


# Policies


def test_a_value_is_shown_with_its_clause_in_the_plans_own_words() -> None:
    shown = run("policy", "show", "p5-hebi", "--path", "end.latest")
    assert shown.exit_code == 0
    (primary,) = [line for line in shown.output.splitlines() if "end.latest.primary" in line]
    assert all(part in primary for part in ("18:00", "原则上", "P5-3.2.3", "小学结束时间原则上不晚于18:00"))
    assert "end.earliest" not in shown.output


def test_a_policy_is_shown_in_english_when_asked() -> None:
    shown = run("policy", "show", "p5-hebi", "--path", "end.latest.primary", "--language", "en").output
    assert "in principle" in shown
    assert "小学" not in shown


def test_a_key_that_no_policy_has_is_refused() -> None:
    assert "no key 'end.lat'" in refused(run("policy", "show", "p5-hebi", "--path", "end.lat"))


def test_two_policies_are_compared_where_they_differ_and_only_there() -> None:
    shown = run("policy", "diff", "p4-shuangjing", "p5-hebi").output
    assert "end.latest.primary" in shown
    assert "interim" in shown
    assert run("policy", "diff", "p5-hebi", "p5-hebi").output.count("│") == 0


def test_every_packaged_policy_passes_its_check() -> None:
    result = run("policy", "check")
    assert result.exit_code == 0
    assert result.output.count(": good\n") == len(base_names()) + 1


def test_a_faulty_policy_fails_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "check", lambda name: [f"{name} is broken"])
    result = run("policy", "check", "p5-hebi")
    assert result.exit_code == 1
    assert "p5-hebi is broken" in result.output


# Tokens


def claims(data_dir: Path, token: str, audience: str) -> Any:
    """What a service would read from the token."""
    issuer = DevelopmentIssuer(data_dir / "issuer.pem", environment="development", issuer=ISSUER)
    return verify(token, KeySource(issuer.jwks), issuer=ISSUER, audience=audience)


def test_a_token_is_good_for_the_service_that_it_names_and_no_other(data_dir: Path) -> None:
    token = run("token", "--role", "principal", "--service", "finance", "--district", DISTRICT).output.strip()
    read = claims(data_dir, token, "finance")
    assert (read.roles, read.district_ids, read.school_ids) == ({"principal"}, {UUID(DISTRICT)}, None)
    with pytest.raises(BadToken):
        claims(data_dir, token, "vetting")


def test_a_token_without_a_district_is_for_the_demos(data_dir: Path) -> None:
    data_dir.mkdir()
    known = {"district_id": DISTRICT, "schools": [], "people": {}}
    (data_dir / "demo.json").write_text(json.dumps(known), encoding="utf-8")
    token = run("token", "--role", "operator", "--service", "vetting").output.strip()
    assert claims(data_dir, token, "vetting").district_ids == {UUID(DISTRICT)}


def test_no_token_is_made_in_production(data_dir: Path) -> None:
    refused(run("token", "--role", "operator", "--service", "vetting", ENV="production"))
    assert not data_dir.exists()


# Settings


def test_every_fault_of_the_settings_is_told_at_once(data_dir: Path) -> None:
    told = refused(
        run(
            "status",
            LEASE_SECONDS="soon",
            RETRY_SECONDS="never",
            KEYRING="secret",
            SIGNING_KEY="secret",
            WEB_WORKERS="0",
            BROKER_URL="amqp://me@here/",
        )
    )
    faulty = ("LEASE_SECONDS", "RETRY_SECONDS", "KEYRING", "SIGNING_KEY", "WEB_WORKERS", "BROKER_URL")
    assert all(name in told for name in faulty)
    assert "secret" not in told


def test_a_misspelled_production_is_not_taken_for_development(data_dir: Path) -> None:
    assert "KEHOU_ENV" in refused(run("token", "--role", "operator", "--service", "vetting", ENV="prod"))


def test_the_suite_does_not_run_in_production(data_dir: Path) -> None:
    assert "not for production" in refused(run("up", ENV="production"))
    assert not data_dir.exists()


ASKED = {
    "web": {"DATABASE_APP_URL", "KEYRING", "JWKS_URL"},
    "relay": {"DATABASE_WORKER_URL", "BROKER_URL"},
    "consumer": {"DATABASE_WORKER_URL", "BROKER_URL", "PEERS", "KEYRING", "SERVICE_TOKEN"},
    "clock": {"DATABASE_WORKER_URL", "KEYRING"},
}
ASKED["all"] = set().union(*ASKED.values())


@pytest.mark.parametrize("role", ASKED)
def test_a_role_names_every_setting_that_it_lacks_and_no_other(data_dir: Path, role: str) -> None:
    told = refused(run("run", "attendance", "--role", role, ENV="production"))
    assert set(re.findall(r"KEHOU_(\w+)", told)) == ASKED[role]


@pytest.mark.parametrize("role", ASKED)
def test_only_the_web_role_of_a_service_that_signs_is_asked_for_a_signing_key(data_dir: Path, role: str) -> None:
    told = refused(run("run", "vetting", "--role", role, ENV="production"))
    asked = ASKED[role] | ({"SIGNING_KEY"} if role in ("web", "all") else set())
    assert set(re.findall(r"KEHOU_(\w+)", told)) == asked


@pytest.mark.parametrize("role", ASKED)
def test_outside_production_keys_and_tokens_are_asked_of_nobody(data_dir: Path, role: str) -> None:
    told = refused(run("run", "attendance", "--role", role))
    assert set(re.findall(r"KEHOU_(\w+)", told)) == ASKED[role] - {"KEYRING", "JWKS_URL", "SERVICE_TOKEN"}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_assembled_from_what_it_asks_for(data_dir: Path, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    for name in ASKED[role]:
        monkeypatch.setenv(f"KEHOU_{name}", GIVEN[name])
    monkeypatch.setenv("KEHOU_ENV", "production")
    node, peers = roles.assemble(load(), "attendance", role)
    assert len(node.loops(role, peers)) == {"web": 0, "relay": 1, "consumer": 2 + len(HEARD), "clock": 2}[role]
    if role == "web":
        assert node.application.name == "attendance"


def test_a_process_without_keys_says_so_when_it_should_open_something() -> None:
    with pytest.raises(LookupError, match="no keys"):
        _ = Database("vetting", GIVEN["DATABASE_APP_URL"], None).keyring


def test_an_empty_setting_is_none(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEYRING", "JWKS_URL", "SERVICE_TOKEN"):
        monkeypatch.setenv(f"KEHOU_{name}", "")
    told = refused(run("run", "attendance", "--role", "all", ENV="production"))
    assert ASKED["all"] == set(re.findall(r"KEHOU_(\w+)", told))


def test_looking_into_an_empty_data_directory_makes_nothing(data_dir: Path) -> None:
    assert "nothing is stored" in refused(run("status"))
    assert not data_dir.exists()


def test_development_keys_are_kept_for_their_owner_alone(data_dir: Path) -> None:
    chosen = load()
    first = needs.keyring(chosen)
    assert needs.keyring(chosen) == first
    assert stat.S_IMODE((data_dir / "keyring").stat().st_mode) == 0o600
    signing = needs.signing_key(chosen)
    assert needs.signing_key(chosen).jwks() == signing.jwks()
    assert stat.S_IMODE((data_dir / "signing.pem").stat().st_mode) == 0o600


def test_of_two_processes_that_make_a_secret_the_first_is_believed(data_dir: Path) -> None:
    make_secret(data_dir / "keyring", b"first")
    make_secret(data_dir / "keyring", b"second")
    assert [path.read_bytes() for path in data_dir.iterdir()] == [b"first"]


# Operations


def test_dead_letters_need_a_broker(data_dir: Path) -> None:
    assert "KEHOU_BROKER_URL" in refused(run("dead-letters", "list", LISTENER))


def test_a_new_timeline_is_not_begun_without_a_yes(data_dir: Path) -> None:
    assert run("timeline", "start", LISTENER, typed="n\n").exit_code == 1
    assert "nothing is stored" in refused(run("timeline", "start", LISTENER, typed="y\n"))


def test_events_are_retried_by_name_or_all_of_them_but_not_by_accident(data_dir: Path) -> None:
    refused(run("inbox", "retry", LISTENER))
    refused(run("inbox", "retry", LISTENER, "--all", "--event", DISTRICT))


def test_the_administrators_sql_makes_three_roles_that_no_wall_lets_through() -> None:
    made = run("provision-sql", "vetting").output
    roles = [line for line in made.splitlines() if line.startswith("CREATE ROLE")]
    assert len(roles) == 3
    assert all("NOSUPERUSER NOBYPASSRLS" in line for line in roles)


@pytest.mark.parametrize("act", ["status", "reseal"])
def test_keys_are_counted_and_changed_by_the_owner_of_the_tables_only(data_dir: Path, act: str) -> None:
    others = {f"DATABASE_{role}_URL": "postgresql+psycopg://x@/x" for role in ("APP", "WORKER")}
    assert "KEHOU_DATABASE_OWNER_URL" in refused(run("keys", act, ENV="production", **others))


def test_provisioning_names_every_user_that_lacks_a_password(data_dir: Path, tmp_path: Path) -> None:
    given = {"DATABASE_ADMIN_URL": NOWHERE, "PASSWORDS": "vetting_app=a,vetting-relay=b"}
    told = refused(run("provision", str(DEFINITIONS), str(tmp_path / "written"), **given))
    names = set(re.findall(r"a password of (\S+) in", told))
    assert names == {"somebody", *BROKER_USERS, *DATABASE_USERS} - {"vetting_app", "vetting-relay"}


def test_production_takes_no_password_for_development(data_dir: Path, tmp_path: Path) -> None:
    passwords = ",".join(f"{name}=good" for name in ["somebody", *BROKER_USERS, *DATABASE_USERS])
    given = {"DATABASE_ADMIN_URL": NOWHERE, "PASSWORDS": f"{passwords},vetting_app=development"}
    told = refused(run("provision", str(DEFINITIONS), str(tmp_path / "written"), ENV="production", **given))
    assert told.endswith("set those of vetting_app\n")


def test_a_password_that_would_want_quoting_is_a_fault(data_dir: Path) -> None:
    told = refused(run("status", PASSWORDS="vetting_app=it's,vetting-relay=good"))
    assert "vetting_app" in told
    assert "vetting-relay" not in told
    assert "it's" not in told


def test_a_migration_says_what_it_changes() -> None:
    refused(run("migration", "vetting", "--message", " "))

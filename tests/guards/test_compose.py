"""docker-compose.yml and Dockerfile: who runs, as whom, with which secrets; each rule has been seen to fail."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.cli.roles import NEEDED_BY
from shared.runtime import ROLES, SERVICES

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

Project = dict[str, Any]

SECRETS = {
    "migrate": {"OWNER_PASSWORD"},
    "web": {"APP_PASSWORD", "KEYRING"},
    "relay": {"WORKER_PASSWORD", "RELAY_PASSWORD"},
    "consumer": {"WORKER_PASSWORD", "CONSUMER_PASSWORD", "KEYRING"},
    "clock": {"WORKER_PASSWORD", "KEYRING"},
}
"""Role to its secrets, without the name of the service before them."""

OF_ONE = {("vetting", "web"): {"SIGNING_KEY"}}
"""What one service alone has besides."""

SHARED = {
    "web": {"KEHOU_ISSUER", "KEHOU_JWKS_URL"},
    "consumer": {"KEHOU_SERVICE_TOKEN"},
}
"""What else the environment tells a role."""

VARIABLE = re.compile(r"\$\{(\w+)(:-[^}]*)?\}")
FROM_OUTSIDE = re.compile(r"\$\{\w+:-(development)?\}")
IN_A_URL = re.compile(r"://[^/@:\s]*:([^@/\s]*)@")

# What Compose 1.29.2 takes, of what we use.
TOP = {"services", "networks", "volumes"}
KEYS = {
    *("build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "hostname", "image", "init"),
    *("networks", "ports", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs", "user", "volumes"),
}
WITHIN = {
    "build": {"context", "args", "target"},
    "healthcheck": {"test", "interval", "timeout", "retries", "start_period"},
}


def processes() -> Iterator[tuple[str, str, str]]:
    """(name, service, role) of every process of ours."""
    for service in SERVICES:
        for role in ("migrate", *ROLES):
            yield f"{service}-{role}", service, role


def named(project: Project) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each container with its name."""
    yield from project["services"].items()


def every_role_runs(project: Project) -> Iterator[str]:
    """Each service has its four roles and is migrated before them."""
    for name, service, role in processes():
        found = project["services"].get(name, {})
        command = f"migrate {service}" if role == "migrate" else f"run {service} --role {role}"
        if (found.get("command"), found.get("build", {}).get("args")) != (command, {"SERVICE": service}):
            yield f"{name} does not {command}"
        before = "provision" if role == "migrate" else f"{service}-migrate"
        if found.get("depends_on", {}).get(before) != {"condition": "service_completed_successfully"}:
            yield f"{name} does not wait for {before}"


def only_the_gateway_is_open(project: Project) -> Iterator[str]:
    """Nothing else publishes a port, and the gateway reaches web processes alone."""
    for name, container in named(project):
        if "ports" in container and name != "gateway":
            yield f"{name} publishes a port"
        if "edge" in container.get("networks", []) and name != "gateway" and not name.endswith("-web"):
            yield f"{name} is within the gateway's reach"


def everything_is_locked(project: Project) -> Iterator[str]:
    """Read-only, without capabilities, and not root."""
    for name, container in named(project):
        if not container.get("read_only"):
            yield f"{name} may write to its root"
        if container.get("cap_drop") != ["ALL"]:
            yield f"{name} keeps capabilities"
        if container.get("security_opt") != ["no-new-privileges:true"]:
            yield f"{name} may gain privileges"
        # What is built from our Dockerfile says there who it is.
        if "build" not in container and container.get("user", "root").split(":")[0] in ("root", "0"):
            yield f"{name} is root"


def what_ends_comes_back(project: Project) -> Iterator[str]:
    """All but what runs once is started again; what listens is asked whether it does."""
    for name, container in named(project):
        is_once = name == "provision" or name.endswith("-migrate")
        if container.get("restart") != ("no" if is_once else "unless-stopped"):
            yield f"{name} is restarted wrongly"
        if (name.endswith("-web") or "build" not in container) and "healthcheck" not in container:
            yield f"{name} has no health check"


def no_secret_is_written_down(project: Project) -> Iterator[str]:
    """Every password, key and token comes from outside; `development` stands in where nobody says anything."""
    for name, container in named(project):
        for variable, value in container.get("environment", {}).items():
            secrets = [found.group(1) for found in IN_A_URL.finditer(value)]
            if variable == "KEHOU_PASSWORDS":
                secrets += [pair.partition("=")[2] for pair in value.split(",")]
            elif variable.endswith(("PASSWORD", "KEYRING", "KEY", "TOKEN")):
                secrets.append(value)
            if not all(FROM_OUTSIDE.fullmatch(secret) for secret in secrets):
                yield f"{name} has a secret in {variable}"


def nobody_knows_more_than_needed(project: Project) -> Iterator[str]:
    """A process is told its own secrets, and of our settings those that its role demands."""
    for name, service, role in processes():
        environment = project["services"].get(name, {}).get("environment", {})
        told = {found.group(1) for value in environment.values() for found in VARIABLE.finditer(value)}
        secrets = SECRETS[role] | OF_ONE.get((service, role), set())
        wanted = {f"{service.upper()}_{secret}" for secret in secrets} | SHARED.get(role, set()) | {"KEHOU_ENV"}
        if told != wanted:
            yield f"{name} is told {sorted(told ^ wanted)} wrongly"
        demanded = {variable for variable, roles in NEEDED_BY.items() if role in roles}
        if (set(environment) & set(NEEDED_BY)) != demanded:
            yield f"{name} has settings that its role does not demand, or lacks some"


def an_old_compose_takes_it(project: Project) -> Iterator[str]:
    """No key that Compose 1.29.2 does not know."""
    strange = {key for key in project if key not in TOP and not key.startswith("x-")}
    for name, container in named(project):
        strange |= {f"{name}.{key}" for key in container.keys() - KEYS}
        for key, known in WITHIN.items():
            strange |= {f"{name}.{key}.{inner}" for inner in container.get(key, {}).keys() - known}
        for before, condition in container.get("depends_on", {}).items():
            strange |= {f"{name}.depends_on.{before}.{key}" for key in condition.keys() - {"condition"}}
    yield from (f"{key} is unknown to Compose 1.29.2" for key in sorted(strange))


RULES: tuple[Callable[[Project], Iterator[str]], ...] = (
    every_role_runs,
    only_the_gateway_is_open,
    everything_is_locked,
    what_ends_comes_back,
    no_secret_is_written_down,
    nobody_knows_more_than_needed,
    an_old_compose_takes_it,
)

# Rule, what is replaced in the file by what, and the complaint.
PLANTS = [
    ("every_role_runs", "  vetting-clock:\n", "  vetting-watch:\n", "vetting-clock does not run vetting --role clock"),
    ("every_role_runs", "run finance --role relay", "run finance --role web", "finance-relay does not run"),
    ("every_role_runs", "SERVICE: finance", "SERVICE: vetting", "finance-web does not run"),
    ("every_role_runs", "{vetting-migrate: ", "{finance-migrate: ", "vetting-web does not wait for vetting-migrate"),
    ("only_the_gateway_is_open", "user: postgres\n", 'user: postgres\n    ports: ["5432"]\n', "postgres publishes"),
    ("only_the_gateway_is_open", "user: rabbitmq\n", "user: rabbitmq\n    networks: [edge]\n", "rabbitmq is within"),
    ("everything_is_locked", "  read_only: true\n", "", "vetting-web may write to its root"),
    ("everything_is_locked", "[ALL]", "[NET_RAW]", "vetting-web keeps capabilities"),
    ("everything_is_locked", '["no-new-privileges:true"]', "[]", "vetting-web may gain privileges"),
    ("everything_is_locked", "    user: nginx\n", "", "gateway is root"),
    ("what_ends_comes_back", "unless-stopped", "on-failure", "vetting-relay is restarted wrongly"),
    ("what_ends_comes_back", 'restart: "no"', "restart: always", "vetting-migrate is restarted wrongly"),
    ("what_ends_comes_back", "  healthcheck:\n", "  x-healthcheck:\n", "vetting-web has no health check"),
    ("no_secret_is_written_down", "${VETTING_APP_PASSWORD:-development}", "hunter2", "vetting-web has a secret"),
    ("no_secret_is_written_down", "vetting_app=${VETTING_APP_PASSWORD:-development}", "vetting_app=x", "provision has"),
    ("no_secret_is_written_down", "${FINANCE_RELAY_PASSWORD:-development}@", "x@", "finance-relay has a secret"),
    ("no_secret_is_written_down", "${VETTING_SIGNING_KEY:-}", "MHcCAQ", "vetting-web has a secret"),
    ("no_secret_is_written_down", "${KEHOU_SERVICE_TOKEN:-}", "eyJhbGciOi", "vetting-consumer has a secret"),
    ("nobody_knows_more_than_needed", "${VETTING_APP_", "${VETTING_OWNER_", "vetting-web is told"),
    ("nobody_knows_more_than_needed", "KEHOU_DATABASE_WORKER_URL:", "KEHOU_DATABASE_APP_URL:", "vetting-relay has"),
    ("an_old_compose_takes_it", "services:\n", "name: kehou\nservices:\n", "name is unknown"),
    ("an_old_compose_takes_it", "  init: true\n", "  init: true\n  develop: {}\n", "vetting-web.develop is unknown"),
    ("an_old_compose_takes_it", "start_period:", "start_interval:", "postgres.healthcheck.start_interval is unknown"),
    ("an_old_compose_takes_it", "{context: .,", "{dockerfile_inline: x,", "vetting-web.build.dockerfile_inline"),
    (
        "an_old_compose_takes_it",
        "postgres: {condition: service_healthy}",
        "postgres: {condition: service_healthy, restart: true}",
        "provision.depends_on.postgres.restart is unknown",
    ),
]


def complaints(rule: Callable[[Project], Iterator[str]], text: str) -> list[str]:
    """What a rule says of a compose file."""
    return list(rule(yaml.safe_load(text)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_containers_are_as_the_rules_demand(rule: Callable[[Project], Iterator[str]]) -> None:
    assert complaints(rule, COMPOSE) == []


@pytest.mark.parametrize(("rule", "old", "new", "complaint"), PLANTS)
def test_a_planted_fault_is_caught_by_its_rule(rule: str, old: str, new: str, complaint: str) -> None:
    (check,) = (check for check in RULES if check.__name__ == rule)
    assert old in COMPOSE
    assert complaint in "\n".join(complaints(check, COMPOSE.replace(old, new)))


def test_every_rule_has_been_seen_to_fail() -> None:
    assert {rule for rule, *_ in PLANTS} == {rule.__name__ for rule in RULES}


# The image


def image_faults(text: str) -> list[str]:
    """What is wrong with a Dockerfile."""
    users = re.findall(r"^USER (\S+)", text, re.MULTILINE)
    checks = {
        "root": not users or users[-1] in ("root", "0"),
        "not as locked": "uv sync --frozen --no-dev" not in text,
        "only for a newer BuildKit": bool(re.search(r"^# syntax=|--link|--mount|<<", text, re.MULTILINE)),
        "holds every service": "COPY services services" in text,
        "another uv than the Makefile's": re.findall(r"^ARG UV_VERSION=(\S+)", text, re.MULTILINE)
        != re.findall(r"^UV +:= (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE),
    }
    return [what for what, is_so in checks.items() if is_so]


def test_the_image_is_small_locked_and_not_root() -> None:
    assert image_faults(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("USER kehou", "USER root", "root"),
        (" --frozen", "", "not as locked"),
        (" --no-dev", "", "not as locked"),
        ("RUN pip", "RUN --mount=type=cache pip", "only for a newer BuildKit"),
        ("COPY shared shared", "COPY shared shared\nCOPY services services", "holds every service"),
        ("ARG UV_VERSION=", "ARG UV_VERSION=9.", "another uv than the Makefile's"),
    ],
)
def test_a_planted_fault_of_the_image_is_caught(old: str, new: str, complaint: str) -> None:
    assert old in DOCKERFILE
    assert image_faults(DOCKERFILE.replace(old, new)) == [complaint]


def test_the_gateway_leads_to_every_service_and_nowhere_else() -> None:
    conf = (ROOT / "deploy/gateway/nginx.conf").read_text(encoding="utf-8")
    (alternatives,) = re.findall(r"location ~ \^/\((.*)\)/ \{", conf)
    assert set(alternatives.split("|")) == set(SERVICES)

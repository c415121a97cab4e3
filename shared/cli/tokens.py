"""Tokens of the development issuer, to try things out; in production the district's identity provider signs them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click

from shared.cli import needs
from shared.runtime import SERVICES
from shared.web.issuer import DevelopmentIssuer
from shared.web.permissions import ROLES

LIFETIME = timedelta(hours=12)

MAIN_ROLES = {
    "district_admin": "enrollment",
    "academic_affairs": "enrollment",
    "guardian": "enrollment",
    "duty_staff": "attendance",
    "gate_device": "attendance",
    "principal": "finance",
    "accountant": "finance",
    "vetting_officer": "vetting",
}
"""Whom `kehou up` gives a token, and for which service."""

OF_THE_DISTRICT = {"district_admin", "vetting_officer"}


@dataclass(frozen=True)
class District:
    """Whom and what a token can name; `people` by role."""

    district_id: UUID
    schools: tuple[UUID, ...] = ()
    people: Mapping[str, UUID] = field(default_factory=dict)


EMPTY = District(UUID("00000000-0000-7000-8000-000000000001"))
"""Stands in where the demo left no data."""


def known_district(data_dir: Path) -> District:
    """The district that the demo left in `demo.json`, or EMPTY."""
    path = data_dir / "demo.json"
    if not path.exists():
        return EMPTY
    known = json.loads(path.read_text(encoding="utf-8"))
    people = {role: UUID(person) for role, person in known["people"].items()}
    return District(UUID(known["district_id"]), tuple(map(UUID, known["schools"])), people)


def show_main_tokens(issuer: DevelopmentIssuer, district: District) -> None:
    """Print a token for each main role."""
    click.echo(f"\nTokens in district {district.district_id}, for {LIFETIME}; others: kehou token --help")
    for role, service in MAIN_ROLES.items():
        schools = () if role in OF_THE_DISTRICT else district.schools[:1]
        token = make_token(issuer, (role,), service, district.district_id, schools, district.people.get(role))
        click.echo(f"\n  {role} ({service})\n{token}")


def make_token(
    issuer: DevelopmentIssuer,
    roles: tuple[str, ...],
    service: str,
    district: UUID,
    schools: tuple[UUID, ...],
    person: UUID | None,
) -> str:
    """A token for one service; no schools means every school of the district."""
    return issuer.token(
        subject=str(person or roles[0]),
        roles=roles,
        district_ids=[district],
        school_ids=schools or None,
        person_id=person,
        audience=service,
        lifetime=LIFETIME,
    )


@click.command()
@click.option("--role", "roles", type=click.Choice(sorted(ROLES)), multiple=True, required=True, metavar="ROLE")
@click.option("--service", type=click.Choice(SERVICES), required=True)
@click.option("--district", type=click.UUID, help="Left out: the demo's.")
@click.option("--school", "schools", type=click.UUID, multiple=True, help="Left out: every school of the district.")
@click.option("--person", type=click.UUID)
def token(
    roles: tuple[str, ...], service: str, district: UUID | None, schools: tuple[UUID, ...], person: UUID | None
) -> None:
    """Print a token of the development issuer.

    It is valid for 12 hours, and for nothing in production.
    """
    chosen = needs.settings()
    issuer = needs.development_issuer(chosen)
    district = district or known_district(chosen.data_dir).district_id
    click.echo(make_token(issuer, roles, service, district, schools, person))

"""Rosters: who is assigned where, by vetting's API, and people made past it where hundreds are needed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts.enrollment import RollChanged
from shared.ids import new_id
from tests.builders import staff
from tests.world import World

V = "/vetting/v1"


def open_term(world: World, days: int = 5, base: str = "p5-hebi") -> World:
    """A policy, a calendar and an active plan."""
    world.publish_policy(base)
    world.publish_calendar(days)
    world.pin_plan()
    return world


def assign(world: World, school: UUID, person: UUID, sessions: list[UUID], role: str = "LEAD") -> list[str]:
    """Assign a person; the ids of the assignments."""
    body = {"person_id": person, "session_ids": sessions, "role": role}
    items = world.as_("academic_affairs", school=school).post(f"{V}/assignments", body)["items"]
    return [item["id"] for item in items]


def roster(world: World, **query: Any) -> list[dict[str, Any]]:
    """Assignments of the whole district."""
    return world.as_("vetting_officer").all(f"{V}/assignments", **query)


def outsider(world: World, school: UUID, *, days: int = 5, category: str = "RETIRED_TEACHER") -> UUID:
    """A cleared person from outside, under a contract with a school."""
    office = world.as_("academic_affairs")
    person = UUID(office.post(f"{V}/people", {"category": category})["id"])
    staff.check_and_clear(world, person)
    terms = {"school_id": school, "person_id": person, "kind": "SERVICE_AGREEMENT", "insufficiency_ref": "doc-1"}
    span = {"starts_on": world.first_day, "ends_on": world.first_day + timedelta(days=days - 1)}
    contract = office.post(f"{V}/engagements", terms | span)["id"]
    world.as_("principal").post(f"{V}/engagements/{contract}/sign", {"party": "school"})
    world.as_("external_instructor", person=person).post(f"{V}/engagements/{contract}/sign", {"party": "person"})
    return person


def passes(world: World, school: UUID, person: UUID, day: int = 0) -> list[dict[str, Any]]:
    """The gate passes of a person for a day."""
    body = {"person_id": person, "school_id": school, "on": world.at(0, day=day).date()}
    items: list[dict[str, Any]] = world.as_("academic_affairs", school=school).post(f"{V}/gate-passes", body)["items"]
    return items


def roll_changed(
    world: World, school: UUID, group: UUID, version: int, *, added: int = 0, removed: int = 0, day: int = 0
) -> RollChanged:
    """A group's roll grows and shrinks from a day of the term on."""
    return RollChanged(
        district_id=world.district,
        school_id=school,
        group_id=group,
        roll_version=version,
        effective_from=world.at(0, day=day).date(),
        added=tuple(new_id() for _ in range(added)),
        removed=tuple(new_id() for _ in range(removed)),
    )


def add_people(world: World, count: int, school: UUID, *, valid_days: int = 300) -> list[UUID]:
    """Cleared teachers on a school's staff list with all their checks, past the doors."""
    people = [new_id() for _ in range(count)]
    given = {"ids": people, "district": world.district, "school": school, "day": world.first_day}
    until = world.first_day + timedelta(days=valid_days)
    world.change(
        "vetting",
        "INSERT INTO people (id, district_id, version, category, state, clearance_epoch, valid_until, is_minor,"
        " consent_at) SELECT id, :district, 1, 'OWN_TEACHER', 'CLEARED', 1, :until, false, now()"
        " FROM unnest(CAST(:ids AS uuid[])) AS made (id)",
        **given,
        until=until,
    )
    world.change(
        "vetting",
        "INSERT INTO posts (id, district_id, version, school_id, person_id, role)"
        " SELECT gen_random_uuid(), :district, 1, :school, id, 'teacher'"
        " FROM unnest(CAST(:ids AS uuid[])) AS made (id)",
        **given,
    )
    world.change(
        "vetting",
        "INSERT INTO checks (id, district_id, version, person_id, kind, state, as_of, expires_on)"
        " SELECT gen_random_uuid(), :district, 1, id, kind, 'CLEAR', CAST(:day AS date), CAST(:day AS date) + 365"
        " FROM unnest(CAST(:ids AS uuid[])) AS made (id), unnest(CAST(:kinds AS text[])) AS checked (kind)",
        **given,
        kinds=list(staff.TEACHER_CHECKS),
    )
    world.change(
        "vetting",
        "INSERT INTO timers (id, district_id, kind, subject, due_at)"
        " SELECT gen_random_uuid(), :district, 'clearance.expiry', id, CAST(:until AS date) + 1"
        " FROM unnest(CAST(:ids AS uuid[])) AS made (id)",
        **given,
        until=until,
    )
    return people

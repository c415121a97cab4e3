"""What must hold of rosters and passes after every command, whoever raced with whom."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.contracts.vetting import (
    AssignmentsConfirmed,
    StaffBlocked,
    StaffCleared,
    StaffExpired,
    StaffRestored,
    StaffSuspended,
)
from shared.events import Event, decode
from shared.policy import effective
from tests.invariants import NOW
from tests.world import World

TOLERANCE = timedelta(minutes=30)
LOST = (StaffBlocked, StaffSuspended, StaffExpired)

Check = Callable[[World], list[Any]]


def _read(world: World, sql: str) -> list[tuple[Any, ...]]:
    return world.read("vetting", sql, d=world.district)


def unfit(world: World) -> list[Any]:
    """INV-VET-01: nobody is confirmed ahead without a clearance for the whole interval."""
    local_end = "CAST(timezone('Asia/Shanghai', a.ends_at) AS date)"
    return _read(
        world,
        "SELECT a.id FROM assignments a JOIN people p ON p.id = a.person_id"
        f" WHERE a.district_id = :d AND a.state = 'CONFIRMED' AND a.ends_at > {NOW}"
        f" AND (p.state <> 'CLEARED' OR p.valid_until < {local_end})",
    )


def confirmed_after_loss(world: World) -> list[Any]:
    """INV-VET-02, -03: epochs grow, and what is confirmed after a loss carries a later one, at every school."""
    lost: dict[Any, int] = {}
    epochs: dict[Any, int] = {}
    broken: list[Any] = []
    for said in _said(world):
        if isinstance(said, (*LOST, StaffCleared, StaffRestored)):
            if said.clearance_epoch <= epochs.get(said.person_id, 0):
                broken.append(said)
            epochs[said.person_id] = said.clearance_epoch
            if isinstance(said, LOST):
                lost[said.person_id] = said.clearance_epoch
        elif isinstance(said, AssignmentsConfirmed) and said.clearance_epoch <= lost.get(said.person_id, 0):
            broken.append(said)
    return broken


def _said(world: World) -> list[Event]:
    """What vetting said of this district, without reading that of all others."""
    sql = "SELECT body FROM outbox WHERE position(CAST(:d AS text) IN convert_from(body, 'UTF8')) > 0 ORDER BY id"
    events = [decode(bytes(row[0])).event() for row in world.read("vetting", sql, d=world.district)]
    return [event for event in events if event is not None]


def in_two_places(world: World) -> list[Any]:
    """INV-VET-09: no person is in two sessions at once, and no minor supervises."""
    twice = _read(
        world,
        "SELECT a.id, b.id FROM assignments a JOIN assignments b ON b.person_id = a.person_id AND b.id > a.id"
        " WHERE a.district_id = :d AND a.state = 'CONFIRMED' AND b.state = 'CONFIRMED'"
        " AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at",
    )
    minors = _read(
        world,
        "SELECT a.id FROM assignments a JOIN people p ON p.id = a.person_id WHERE a.district_id = :d"
        " AND a.state = 'CONFIRMED' AND a.role IN ('LEAD', 'ASSIST') AND (p.is_minor OR p.category = 'PEER_HELPER')",
    )
    return twice + minors


def unsought(world: World) -> list[Any]:
    """INV-VET-10: whoever was taken off is sought for once, unless somebody took over or nothing is held."""
    held_by_nobody = "'HANDED_OVER', 'SESSION_CANCELLED', 'SESSION_OVER', 'WITHDRAWN'"
    return _read(
        world,
        "SELECT a.id, a.cause, count(r.id) FROM assignments a LEFT JOIN substitute_requests r"
        " ON r.removed_assignment_id = a.id WHERE a.district_id = :d AND a.state = 'REMOVED' GROUP BY a.id"
        f" HAVING count(r.id) <> CASE WHEN a.cause IN ({held_by_nobody}) THEN 0 ELSE 1 END"
        " UNION ALL SELECT r.id, r.state, 0 FROM substitute_requests r JOIN planned_sessions s ON s.id = r.session_id"
        " WHERE r.district_id = :d AND s.state <> 'SCHEDULED' AND r.state IN ('OPEN', 'OFFERED', 'ESCALATED')",
    )


def passing_beyond(world: World) -> list[Any]:
    """INV-VET-11: at every instant of a pass there is a confirmed assignment, give or take the tolerance."""
    hours = _read(
        world,
        "SELECT person_id, school_id, starts_at, ends_at FROM assignments"
        " WHERE district_id = :d AND state IN ('CONFIRMED', 'SERVED') ORDER BY starts_at",
    )
    broken = []
    for pass_id, person, school, opens, shuts in _read(
        world,
        "SELECT id, person_id, school_id, valid_from, valid_to FROM gate_passes"
        f" WHERE district_id = :d AND state = 'ISSUED' AND valid_to > {NOW}",
    ):
        covered = opens
        for whose, where, starts_at, ends_at in hours:
            if (whose, where) == (person, school) and starts_at - TOLERANCE <= covered:
                covered = max(covered, ends_at + TOLERANCE)
        if covered < shuts:
            broken.append(pass_id)
    return broken


def without_ground(world: World) -> list[Any]:
    """INV-VET-14: whoever is on no staff list of the school serves under a contract of an allowed kind that states that
    the own staff does not suffice, as Hebi wants it.
    """
    allowed = effective("p5-hebi").value("staff.contract_kinds")["RETIRED_TEACHER"]
    day = "CAST(timezone('Asia/Shanghai', a.starts_at) AS date)"
    return world.read(
        "vetting",
        f"SELECT a.id FROM assignments a WHERE a.district_id = :d AND a.state = 'CONFIRMED' AND a.ends_at > {NOW}"
        " AND NOT EXISTS (SELECT FROM posts p WHERE p.person_id = a.person_id AND p.school_id = a.school_id)"
        " AND NOT EXISTS (SELECT FROM engagements e WHERE e.person_id = a.person_id AND e.school_id = a.school_id"
        f" AND e.state = 'ACTIVE' AND {day} BETWEEN e.starts_on AND e.ends_on"
        " AND e.insufficiency_ref IS NOT NULL AND e.kind = ANY(:kinds))",
        d=world.district,
        kinds=list(allowed),
    )


def leading_unfit(world: World) -> list[Any]:
    """INV-VET-01 for duties: nobody is named ahead who is not cleared now."""
    return _read(
        world,
        "SELECT d.id FROM duties d JOIN people p ON p.id = d.person_id WHERE d.district_id = :d"
        f" AND d.state = 'NAMED' AND d.ends_at > {NOW} AND p.state <> 'CLEARED'",
    )


def miscounted(world: World) -> list[Any]:
    """INV-VET-17: the share of leading that is reported is the one that a count by hand gives."""
    led: dict[str, list[bool]] = defaultdict(list)
    for school, is_own in _read(
        world,
        "SELECT a.school_id, p.category IN ('OWN_TEACHER', 'OWN_STAFF', 'GUARD', 'LOGISTICS') AND EXISTS"
        " (SELECT FROM posts o WHERE o.person_id = p.id AND o.school_id = a.school_id)"
        " FROM assignments a JOIN people p ON p.id = a.person_id"
        " WHERE a.district_id = :d AND a.role = 'LEAD' AND a.state IN ('CONFIRMED', 'SERVED')",
    ):
        led[str(school)].append(is_own)
    counted = {school: sum(own) * 10_000 // len(own) for school, own in led.items()}
    lines = world.as_("academic_affairs").get("/vetting/v1/own-lead-shares", term_id=world.term)["items"]
    reported = {line["school_id"]: line["own_share_bp"] for line in lines}
    wrong = [line for line in lines if line["reaches_least"] != (line["own_share_bp"] >= 5000)]
    return wrong if reported == counted else [reported, counted]


CHECKS: dict[str, Check] = {
    "INV-VET-01": unfit,
    "INV-VET-02, -03": confirmed_after_loss,
    "INV-VET-09": in_two_places,
    "INV-VET-10": unsought,
    "INV-VET-11": passing_beyond,
    "INV-VET-14": without_ground,
    "INV-VET-01 of duties": leading_unfit,
    "INV-VET-17": miscounted,
}


def broken(world: World) -> dict[str, list[Any]]:
    """Every rule that is broken now, with what breaks it; empty is good."""
    found = {name: check(world) for name, check in CHECKS.items()}
    return {name: rows for name, rows in found.items() if rows}

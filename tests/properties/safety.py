"""What must hold at every moment, whatever is still on its way: in each service, by all that it has heard."""

from typing import Any
from uuid import UUID

from tests.invariants import CHECKS, NOW, Broken, Check, Read

KEPT = "state NOT IN ('RELEASED', 'WITH_CLASS')"


def nobody_blocked_is_on_a_roster(read: Read, district: UUID) -> list[Any]:
    """INV-VET-01: from the commit on, whoever is not cleared has no assignment ahead and no pass."""
    lost = "(SELECT id FROM people WHERE district_id = :d AND state IN ('BLOCKED', 'SUSPENDED', 'EXPIRED'))"
    assigned = f"SELECT id FROM assignments WHERE person_id IN {lost} AND state = 'CONFIRMED' AND ends_at > {NOW}"
    passing = f"SELECT id FROM gate_passes WHERE person_id IN {lost} AND state = 'ISSUED' AND valid_to > {NOW}"
    return read("vetting", assigned, d=district) + read("vetting", passing, d=district)


def one_keeper_at_a_time(read: Read, district: UUID) -> list[Any]:
    """INV-ATT-02: a child is in one pair of hands, and each handover takes it from those that it was given to."""
    twice = f'SELECT pupil_id FROM custody_chains WHERE district_id = :d AND {KEPT} GROUP BY pupil_id, "on"'
    broken_off = (
        "SELECT pupil_id, position FROM (SELECT pupil_id, position, from_id, lag(to_id) OVER one AS before,"
        " row_number() OVER one AS place FROM handovers WHERE district_id = :d"
        ' WINDOW one AS (PARTITION BY pupil_id, "on" ORDER BY position)) passed'
        " WHERE place <> position OR (place > 1 AND from_id IS DISTINCT FROM before)"
    )
    unkept = f"SELECT pupil_id FROM custody_chains WHERE district_id = :d AND {KEPT} AND holder_id IS NULL"
    return [
        *read("attendance", f"{twice} HAVING count(*) > 1", d=district),
        *read("attendance", unkept, d=district),
        *read("attendance", broken_off, d=district),
    ]


def nobody_is_there_who_was_heard_to_be_blocked(read: Read, district: UUID) -> list[Any]:
    """INV-X-04: once attendance knows, whoever lost the clearance is checked out."""
    sql = (
        "SELECT p.id FROM presences p JOIN clearances c ON c.id = p.person_id WHERE p.district_id = :d"
        " AND p.checked_out_at IS NULL AND p.clearance_epoch <= c.lost_epoch"
    )
    return read("attendance", sql, d=district)


def barred_service_is_not_owed(read: Read, district: UUID) -> list[Any]:
    """INV-X-04: no pay waits to be paid for service that began after the end of its clearance, as finance heard it."""
    sql = (
        "SELECT l.id FROM pay_lines l JOIN service_records r ON r.id = l.record_id"
        " JOIN standings s ON s.person_id = r.person_id AND s.epoch >= r.clearance_epoch"
        " AND s.status IN ('SUSPENDED', 'BLOCKED', 'EXPIRED') AND r.started_at >= s.effective_at"
        " WHERE l.district_id = :d AND l.state IN ('ACCRUED', 'HELD', 'IN_RUN')"
    )
    return read("finance", sql, d=district)


ALWAYS: dict[str, Check] = {
    "INV-VET-01": nobody_blocked_is_on_a_roster,
    "INV-ATT-02": one_keeper_at_a_time,
    "INV-X-04": nobody_is_there_who_was_heard_to_be_blocked,
    "INV-X-04, pay": barred_service_is_not_owed,
    "INV-FIN-01": CHECKS["INV-FIN-01"],
}


def unsafe(read: Read, district: UUID) -> list[Broken]:
    """Every rule of safety that a district breaks now; empty is good."""
    return [Broken(name, str(one)) for name, check in ALWAYS.items() for one in check(read, district)]

"""Reading passes, and who is on duty."""

from uuid import UUID

from sqlalchemy import select

from services.attendance.directory import queries as directory
from services.attendance.gate.rules import Pass
from services.attendance.tables import Clearance, GatePass, Presence
from shared.messaging.work import Work


def passes(work: Work, school_id: UUID, person_id: UUID) -> list[Pass]:
    """A person's passes at a school."""
    rows = work.session.execute(
        select(GatePass.state, GatePass.valid_from, GatePass.valid_to).where(
            GatePass.person_id == person_id, GatePass.school_id == school_id
        )
    )
    return [Pass(**row) for row in rows.mappings()]


def category(work: Work, person_id: UUID) -> str | None:
    """The category under which vetting knows a person."""
    return work.session.scalar(select(Clearance.category).where(Clearance.id == person_id))


def on_duty(work: Work, school_id: UUID) -> set[UUID]:
    """Who is checked in at a school now, and its duty leader."""
    there = work.session.scalars(
        select(Presence.person_id).where(Presence.school_id == school_id, Presence.checked_out_at.is_(None))
    )
    leader = directory.duty_leader(work, school_id, work.now)
    return {*there, *([leader] if leader else [])}

"""Seeking, offering, accepting, escalating."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from services.vetting.substitutes import rules
from services.vetting.tables import Person, PlannedSession, SubstituteRequest
from shared.contracts.vetting import AssignedSession, SubstituteFilled, SubstitutesRequested, SubstituteUnfilled
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_term
from shared.timers import cancel_timer, set_timer, set_timers

TIMER = "substitute.deadline"


@dataclass(frozen=True)
class Vacancy:
    """An assignment that ended before its session."""

    assignment_id: UUID
    session_id: UUID
    role: str
    starts_at: datetime


def request(work: Work, person: Person, school_id: UUID, vacancies: Sequence[Vacancy]) -> None:
    """Seek somebody for each vacancy; the first deadline is looked at by a timer, at once when it has passed."""
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "district_id": person.district_id,
            "version": 1,
            "school_id": school_id,
            "session_id": vacancy.session_id,
            "removed_assignment_id": vacancy.assignment_id,
            "role": vacancy.role,
            "state": rules.SUBSTITUTE.initial,
            "level": 0,
            "starts_at": vacancy.starts_at,
        }
        for vacancy in vacancies
    ]
    work.session.execute(insert(SubstituteRequest), rows)
    set_timers(work, TIMER, [(row["id"], work.now) for row in rows])
    work.emit(
        SubstitutesRequested(
            district_id=person.district_id,
            school_id=school_id,
            person_id=person.id,
            requests=tuple(
                AssignedSession(assignment_id=vacancy.assignment_id, session_id=vacancy.session_id)
                for vacancy in vacancies
            ),
        )
    )


def offer(work: Work, request_id: UUID, *, person_id: UUID) -> SubstituteRequest:
    """Ask one person; a later offer replaces an unanswered one."""
    found = work.get(SubstituteRequest, request_id, lock=True)
    work.caller.need_school(found.school_id)
    found.state = rules.SUBSTITUTE.move(found.state, "offer")
    found.offered_to = person_id
    return found


def accept(work: Work, request_id: UUID) -> tuple[SubstituteRequest, UUID]:
    """Say yes to an offer made to the caller, and who that is; `rosters` then assigns under G-CLEAR."""
    found = work.get(SubstituteRequest, request_id, lock=True)
    person_id = rules.need_offered_to(found.offered_to, work.caller.person_id)
    found.state = rules.SUBSTITUTE.move(found.state, "accept")
    found.filled_by = person_id
    cancel_timer(work, TIMER, request_id)
    work.emit(
        SubstituteFilled(
            district_id=found.district_id,
            school_id=found.school_id,
            request_id=found.id,
            session_id=found.session_id,
            person_id=person_id,
        )
    )
    return found, person_id


def decline(work: Work, request_id: UUID) -> SubstituteRequest:
    """Say no; the search goes on."""
    found = work.get(SubstituteRequest, request_id, lock=True)
    rules.need_offered_to(found.offered_to, work.caller.person_id)
    found.state = rules.SUBSTITUTE.move(found.state, "decline")
    found.offered_to = None
    return found


def escalate(work: Work, request_id: UUID) -> None:
    """A deadline passed (timer): go to the next level, or give up so that children are merged or cared for."""
    found = work.get(SubstituteRequest, request_id, lock=True)
    if found.state not in rules.SEEKING:
        return
    session = work.get(PlannedSession, found.session_id)
    ends = rules.deadlines(found.starts_at, policy_of_term(work, found.school_id, session.term_id))
    if found.level == 0 and ends[0] > work.now:
        set_timer(work, TIMER, request_id, ends[0])
        return
    found.level = rules.next_level(found.level, work.now, ends)
    if found.level < len(ends):
        found.state = rules.SUBSTITUTE.move(found.state, "escalate")
        set_timer(work, TIMER, request_id, ends[found.level])
        return
    found.state = rules.SUBSTITUTE.move(found.state, "give_up")
    work.emit(
        SubstituteUnfilled(
            district_id=found.district_id,
            school_id=found.school_id,
            request_id=found.id,
            session_id=found.session_id,
        )
    )


def void(work: Work, session_id: UUID) -> None:
    """Nobody is sought for a session that is over or cancelled."""
    work.session.execute(
        update(SubstituteRequest)
        .where(SubstituteRequest.session_id == session_id, SubstituteRequest.state.in_(rules.SEEKING))
        .values(state="VOID", version=SubstituteRequest.version + 1)
        .execution_options(synchronize_session=False)
    )

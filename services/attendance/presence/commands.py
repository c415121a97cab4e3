"""Keeping vetting's word, and letting people in and out by it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.attendance.directory import queries as directory
from services.attendance.presence import queries, rules
from services.attendance.tables import Assignment, Clearance, Presence, ServiceSession
from shared.contracts.vetting import AssignmentsConfirmed, AssignmentsRemoved
from shared.ids import new_id
from shared.messaging.work import Work
from shared.notifications import notify
from shared.policy.published import policy_of_district, policy_of_term
from shared.refusals import Refused

# What vetting said


@dataclass(frozen=True, kw_only=True)
class Word:
    """What vetting says of one person's clearance; `id` is the person's."""

    id: UUID
    category: str
    state: str
    epoch: int
    lost_epoch: int
    valid_until: date | None = None
    reason_class: str | None = None


def keep_clearances(work: Work, words: Sequence[Word]) -> None:
    """Take over words on clearances. The highest epoch decides the state; what was lost up to then stays lost."""
    owner = {"district_id": work.caller.district_id, "version": 1}
    work.session.connection().execute(_KEEP, [owner | vars(word) for word in words])


_SAID = upsert(Clearance).excluded
_IS_NEWER = _SAID.epoch > Clearance.epoch
_KEEP = upsert(Clearance).on_conflict_do_update(
    index_elements=["id"],
    set_={
        name: case((_IS_NEWER, _SAID[name]), else_=getattr(Clearance, name))
        for name in ("category", "state", "epoch", "valid_until", "reason_class")
    }
    | {"lost_epoch": func.greatest(Clearance.lost_epoch, _SAID.lost_epoch), "version": Clearance.version + 1},
    where=_IS_NEWER | (_SAID.lost_epoch > Clearance.lost_epoch),
)


def keep_confirmed(work: Work, said: AssignmentsConfirmed) -> None:
    """Take over assignments; one whose removal came first stays removed, and learns its role and epoch."""
    told = {"role": said.role, "clearance_epoch": said.clearance_epoch}
    rows = _rows(said, said.assigned, {"state": "CONFIRMED", "cause": None} | told)
    statement = upsert(Assignment)
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in told},
            where=Assignment.role.is_(None),
        ),
        rows,
    )


def keep_removed(work: Work, said: AssignmentsRemoved) -> None:
    """Take over the end of assignments, for good: vetting never revives one."""
    rows = _rows(said, said.removed, {"state": "REMOVED", "cause": said.cause, "role": None, "clearance_epoch": None})
    statement = upsert(Assignment)
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={"state": "REMOVED", "cause": statement.excluded.cause},
            where=Assignment.state == "CONFIRMED",
        ),
        rows,
    )


def _rows(
    said: AssignmentsConfirmed | AssignmentsRemoved, sessions: Sequence[Any], values: dict[str, Any]
) -> list[dict[str, Any]]:
    owner = {"district_id": said.district_id, "school_id": said.school_id, "person_id": said.person_id, "version": 1}
    return [values | owner | {"id": one.assignment_id, "session_id": one.session_id} for one in sessions]


# Coming and going


def check_in(work: Work, *, session_id: UUID, person_id: UUID) -> Presence:
    """Let a person in: one statement finds them cleared, assigned and the word fresh, and writes that they are there.

    It shares the lock of the clearance with no change of it, so that a block either is seen here or sees the presence.
    """
    session = work.get(ServiceSession, session_id)
    rules.need_today(session.on, work.today, session.state)
    presence_id = work.session.scalar(_let_in(work, session_id, person_id))
    if presence_id is not None:
        return work.get(Presence, presence_id)
    policy = policy_of_term(work, session.school_id, session.term_id)
    code = rules.why_not(queries.standing(work, session, person_id), session.on)
    if code is None:
        raise Refused("already_exists", thing="presence")
    raise rules.refusal(code, session.on, policy)


def _let_in(work: Work, session_id: UUID, person_id: UUID) -> Any:
    row = {
        "id": literal(new_id()),
        "district_id": ServiceSession.district_id,
        "school_id": ServiceSession.school_id,
        "version": literal(1),
        "session_id": ServiceSession.id,
        "person_id": Clearance.id,
        "role": Assignment.role,
        "category": Clearance.category,
        "clearance_epoch": Clearance.epoch,
        "checked_in_at": literal(work.now),
    }
    allowed = (
        select(*row.values())
        .join(Assignment, Assignment.session_id == ServiceSession.id)
        .join(Clearance, Clearance.id == Assignment.person_id)
        .where(
            ServiceSession.id == session_id,
            ServiceSession.state.not_in(rules.OVER),
            Clearance.id == person_id,
            queries.HOLDS,
            queries.IS_CLEARED,
            queries.IS_TRUSTED,
        )
        .limit(1)
        .with_for_update(read=True, of=(Clearance, ServiceSession))
    )
    return upsert(Presence).from_select(list(row), allowed).on_conflict_do_nothing().returning(Presence.id)


def need_leading(work: Work, school_id: UUID) -> UUID:
    """The caller leads the duty at the school now; returns who that is."""
    return rules.need_duty_leader(directory.duty_leader(work, school_id, work.now), work.caller.person_id)


def need_role_or_leading(work: Work, school_id: UUID, roles: Collection[str]) -> None:
    """The caller bears one of the roles, or leads the duty at the school now."""
    if not work.caller.roles.intersection(roles):
        need_leading(work, school_id)


def check_out(work: Work, presence_id: UUID) -> Presence:
    """A person leaves the session, with no child in their name."""
    presence = work.get(Presence, presence_id, lock=True)
    if presence.checked_out_at is not None:
        raise Refused("already_checked_out")
    keeps = queries.keeps_children(work, presence.session_id, presence.person_id)
    rules.need_empty_hands(keeps, policy_of_district(work))
    presence.checked_out_at, presence.checkout_cause = work.now, "LEFT"
    return presence


def check_out_all(work: Work, session_id: UUID) -> None:
    """The session is over: whoever is still checked in has served until now."""
    _end(work, "SESSION_CLOSED", Presence.session_id == session_id)


def check_out_lost(work: Work, person_id: UUID) -> list[Any]:
    """Check a person out wherever they are who lost their clearance, and tell the duty leader (INV-ATT-08).

    Returns the (session_id, school_id) that they were in; nothing while the newest word is a clearance.
    """
    lost = select(Clearance.id).where(Clearance.id == person_id, Clearance.state.in_(rules.LOST))
    ended = _end(work, "CLEARANCE_LOST", Presence.person_id.in_(lost.scalar_subquery()))
    for school_id in {row.school_id for row in ended}:
        leader = directory.duty_leader(work, school_id, work.now)
        if leader is not None:
            notify(work, leader, "staff_lost_clearance", about=str(person_id))
    return ended


def _end(work: Work, cause: str, *conditions: Any) -> list[Any]:
    return list(
        work.session.execute(
            update(Presence)
            .where(Presence.checked_out_at.is_(None), *conditions)
            .values(checked_out_at=work.now, checkout_cause=cause, version=Presence.version + 1)
            .returning(Presence.session_id, Presence.school_id)
            .execution_options(synchronize_session=False)
        ).all()
    )

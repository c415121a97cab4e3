"""Passing children on. Locks: the session, then its chains by pupil."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.attendance.custody import queries, rules
from services.attendance.directory import queries as directory
from services.attendance.presence import queries as presence
from services.attendance.roll_calls import queries as roll_calls
from services.attendance.roll_calls import rules as roll_call_rules
from services.attendance.tables import AdHocCare, CustodyChain, Handover, ServiceSession
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_term


def hand_to_service(
    work: Work,
    *,
    session_id: UUID,
    class_id: UUID,
    pupil_ids: list[UUID],
    headcount: int,
    receiver_id: UUID | None = None,
) -> dict[str, Any]:
    """The class teacher hands children of the class to a session's staff; the heads are counted (S9)."""
    session = work.get(ServiceSession, session_id, lock=True)
    policy = policy_of_term(work, session.school_id, session.term_id)
    rules.need_receiving(session.state, policy)
    teacher = rules.need_class_teacher(directory.class_teacher(work, class_id), work.caller.person_id, policy)
    keepers = presence.keepers(work, session.school_id, session.id)
    receiver = rules.need_receiver(receiver_id, keepers, policy)
    roll_call_rules.need_once(pupil_ids)
    rules.need_headcount(headcount, pupil_ids, policy)
    rules.need_class(pupil_ids, directory.pupils_of_class(work, class_id, pupil_ids), policy)
    roll_call_rules.need_expected(pupil_ids, roll_calls.expected_pupils(work, session))
    begin_chains(work, session, pupil_ids, teacher)
    chains = queries.lock_chains(work, pupil_ids, session.on)
    pass_on(work, chains, "hand_to_service", to_id=receiver, from_id=teacher, session_id=session.id)
    return {"session_id": session.id, "receiver_id": receiver, "headcount": len(chains)}


def begin_chains(work: Work, day: ServiceSession | AdHocCare, pupil_ids: Sequence[UUID], teacher: UUID) -> None:
    """Each child's day begins with its class teacher; a day that began already goes on."""
    rows = [
        {
            "id": new_id(),
            "district_id": day.district_id,
            "school_id": day.school_id,
            "version": 1,
            "pupil_id": pupil_id,
            "on": day.on,
            "state": rules.CUSTODY.initial,
            "holder_id": teacher,
            "position": 0,
        }
        for pupil_id in sorted(pupil_ids)
    ]
    work.session.execute(upsert(CustodyChain).on_conflict_do_nothing(index_elements=["pupil_id", "on"]), rows)


def transfer(
    work: Work, *, session_id: UUID, pupil_ids: list[UUID], headcount: int, receiver_id: UUID | None = None
) -> dict[str, Any]:
    """Pass children to the staff of their session at a change of shift, or to the next session, which they join."""
    session = work.get(ServiceSession, session_id, lock=True)
    policy = policy_of_term(work, session.school_id, session.term_id)
    keepers = presence.keepers(work, session.school_id, session.id)
    receiver = rules.need_receiver(receiver_id, keepers, policy)
    roll_call_rules.need_once(pupil_ids)
    rules.need_headcount(headcount, pupil_ids, policy)
    chains = queries.lock_chains(work, pupil_ids, session.on)
    caller, leader = work.caller.person_id, directory.duty_leader(work, session.school_id, work.now)
    kept = [chain.pupil_id for chain in chains if caller is not None and caller in (leader, chain.holder_id)]
    rules.need_all_kept(pupil_ids, kept, policy)
    stays = {chain.session_id for chain in chains} == {session.id}
    if not stays:
        rules.need_receiving(session.state, policy)
    pass_on(work, chains, "transfer" if stays else "join", to_id=receiver, session_id=session.id)
    return {"session_id": session.id, "receiver_id": receiver, "headcount": len(chains)}


def dismiss(work: Work, session: ServiceSession) -> list[UUID]:
    """The children of a session wait to be fetched; returns their chains. The caller holds the session."""
    chains = queries.lock_session_chains(work, session.id, CustodyChain.state == "IN_SERVICE")
    pass_on(work, chains, "dismiss")
    return [chain.id for chain in chains]


def move_from(work: Work, school_id: UUID, session_id: UUID, person_id: UUID) -> None:
    """Whoever may keep no children any more gives them to the next keeper at once (INV-ATT-08).

    Where nobody else is there, they stay in this person's name until the duty leader, who was told, takes them.
    """
    keepers = [keeper for keeper in presence.keepers(work, school_id, session_id) if keeper != person_id]
    if keepers:
        chains = queries.lock_session_chains(work, session_id, CustodyChain.holder_id == person_id)
        pass_on(work, chains, "transfer", to_id=keepers[0], note="CLEARANCE_LOST")


def pass_on(
    work: Work,
    chains: Sequence[CustodyChain],
    action: str,
    *,
    to_id: UUID | None = None,
    from_id: UUID | None = None,
    session_id: UUID | None = None,
    note: str | None = None,
) -> None:
    """Change the keeper of locked chains and write each handover; without `to_id` the keeper stays."""
    if not chains:
        return
    moves = {chain.state: rules.CUSTODY.move(chain.state, action) for chain in chains}
    work.session.execute(
        update(CustodyChain)
        .where(CustodyChain.id.in_([chain.id for chain in chains]))
        .values(
            state=case(moves, value=CustodyChain.state),
            holder_id=to_id or CustodyChain.holder_id,
            session_id=session_id or CustodyChain.session_id,
            position=CustodyChain.position + 1,
            version=CustodyChain.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    write_handovers(work, chains, action, to_id=to_id, from_id=from_id, session_id=session_id, note=note)


def write_handovers(
    work: Work,
    chains: Sequence[CustodyChain],
    action: str,
    *,
    to_id: UUID | None = None,
    from_id: UUID | None = None,
    session_id: UUID | None = None,
    authorization_id: UUID | None = None,
    method: str | None = None,
    note: str | None = None,
) -> list[UUID]:
    """Write how chains, as they were before, were passed on; returns the handovers' ids."""
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "district_id": chain.district_id,
            "school_id": chain.school_id,
            "version": 1,
            "pupil_id": chain.pupil_id,
            "on": chain.on,
            "position": chain.position + 1,
            "action": action,
            "session_id": session_id or chain.session_id,
            "from_id": from_id or chain.holder_id,
            "to_id": to_id or (None if action == "release" else chain.holder_id),
            "authorization_id": authorization_id,
            "method": method,
            "note": note,
            "at": work.now,
            "recorded_by": work.caller.subject,
        }
        for chain in chains
    ]
    work.session.connection().execute(_WRITE, rows)
    return [row["id"] for row in rows]


_WRITE = insert(Handover)  # plain rows, many at once: the mapped class would make each of them dearer

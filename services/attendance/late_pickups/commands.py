"""Watching who still waits, escalating, and writing down who was called. Locks: the chain, then its case."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.attendance.custody import commands as custody
from services.attendance.directory import queries as directory
from services.attendance.late_pickups import queries, rules
from services.attendance.tables import ContactAttempt, CustodyChain, LatePickupCase, ServiceSession
from shared.contracts.attendance import LatePickupEscalated, LatePickupOpened, LatePickupResolved
from shared.messaging.work import Work
from shared.notifications import notify
from shared.policy.published import policy_of_term
from shared.timers import cancel_timer, set_timer, set_timers

OPEN_TIMER = "late_pickup.open"
REMIND_TIMER = "late_pickup.remind"
ESCALATE_TIMER = "late_pickup.escalate"


def watch(work: Work, session: ServiceSession, chain_ids: Sequence[UUID]) -> None:
    """From a session's planned end on, look at whether its children are still waiting."""
    if chain_ids:
        policy = policy_of_term(work, session.school_id, session.term_id)
        due = rules.opens_at(session.ends_at, policy)
        set_timers(work, OPEN_TIMER, [(chain_id, due) for chain_id in chain_ids])


def open_case(work: Work, chain_id: UUID) -> None:
    """A child still waits (timer): begin a case and ask the family."""
    chain = work.get(CustodyChain, chain_id, lock=True)
    if chain.state != "AWAITING_PICKUP" or chain.session_id is None:
        return
    session = work.get(ServiceSession, chain.session_id)
    custody.pass_on(work, [chain], "wait_too_long")
    case = work.add(
        LatePickupCase(
            district_id=chain.district_id,
            school_id=chain.school_id,
            pupil_id=chain.pupil_id,
            session_id=session.id,
            chain_id=chain.id,
            on=chain.on,
            state=rules.LATE_PICKUP.initial,
            level=0,
            due_at=session.ends_at,
        )
    )
    policy = policy_of_term(work, session.school_id, session.term_id)
    _tell(work, directory.guardians(work, chain.pupil_id), case)
    set_timer(work, REMIND_TIMER, case.id, rules.reminds_at(case.due_at, policy))
    set_timer(work, ESCALATE_TIMER, case.id, rules.deadlines(case.due_at, policy)[0])
    work.emit(
        LatePickupOpened(
            district_id=case.district_id,
            school_id=case.school_id,
            case_id=case.id,
            pupil_id=case.pupil_id,
            minutes_late=rules.minutes_late(case.due_at, work.now),
        )
    )


def remind(work: Work, case_id: UUID) -> None:
    """Ask the family again (timer)."""
    case = work.get(LatePickupCase, case_id)
    if case.state in rules.UNRESOLVED:
        _tell(work, directory.guardians(work, case.pupil_id), case)


def escalate(work: Work, case_id: UUID) -> None:
    """A deadline passed (timer): the next person is responsible, level by level without a leap (INV-ATT-12)."""
    chain = work.get(CustodyChain, work.get(LatePickupCase, case_id).chain_id, lock=True)
    case = work.get(LatePickupCase, case_id, lock=True)
    if case.state not in rules.UNRESOLVED:
        return
    session = work.get(ServiceSession, case.session_id)
    ends = rules.deadlines(case.due_at, policy_of_term(work, session.school_id, session.term_id))
    while case.level < len(ends) and ends[case.level] <= work.now:
        case.level += 1
        _reach_level(work, chain, case)
    if case.level < len(ends):
        set_timer(work, ESCALATE_TIMER, case.id, ends[case.level])


def _reach_level(work: Work, chain: CustodyChain, case: LatePickupCase) -> None:
    leader = directory.duty_leader(work, case.school_id, work.now)
    if leader is not None:
        if case.level == 1:
            custody.pass_on(work, [chain], "transfer", to_id=leader, note="LATE_PICKUP")
        _tell(work, [leader], case)
    work.emit(
        LatePickupEscalated(
            district_id=case.district_id,
            school_id=case.school_id,
            case_id=case.id,
            pupil_id=case.pupil_id,
            level=case.level,
            minutes_late=rules.minutes_late(case.due_at, work.now),
        )
    )


def log_contact(work: Work, case_id: UUID, *, outcome: str, authorization_id: UUID | None = None) -> ContactAttempt:
    """Write down that somebody was called, and whether they answered."""
    case = work.get(LatePickupCase, case_id, lock=True)
    case.state = rules.LATE_PICKUP.move(case.state, rules.OUTCOMES[outcome])
    return work.add(
        ContactAttempt(
            district_id=case.district_id,
            school_id=case.school_id,
            case_id=case.id,
            authorization_id=authorization_id,
            outcome=outcome,
            at=work.now,
            logged_by=work.caller.subject,
        )
    )


def resolve(work: Work, chain: CustodyChain) -> None:
    """The child was fetched: nothing is watched any more. The caller holds the chain, as it was before."""
    cancel_timer(work, OPEN_TIMER, chain.id)
    case = queries.lock_unresolved(work, chain.id) if chain.state == "LATE" else None
    if case is None:
        return
    case.state, case.resolved_at = rules.LATE_PICKUP.move(case.state, "resolve"), work.now
    cancel_timer(work, REMIND_TIMER, case.id)
    cancel_timer(work, ESCALATE_TIMER, case.id)
    work.emit(
        LatePickupResolved(
            district_id=case.district_id,
            school_id=case.school_id,
            case_id=case.id,
            pupil_id=case.pupil_id,
            minutes_late=rules.minutes_late(case.due_at, work.now),
        )
    )


def _tell(work: Work, people: Iterable[UUID], case: LatePickupCase) -> None:
    for person_id in people:
        notify(work, person_id, "late_pickup", case_id=str(case.id), level=case.level)

"""Saying who may fetch a child, and letting it go. Locks: the chain, then the authorizations, then the case."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, Uuid, bindparam, case, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.attendance.ad_hoc_care import commands as ad_hoc_care
from services.attendance.custody import commands as custody
from services.attendance.custody import queries as chains
from services.attendance.custody import rules as custody_rules
from services.attendance.directory import queries as directory
from services.attendance.late_pickups import commands as late_pickups
from services.attendance.pickups import queries, rules
from services.attendance.presence import commands as presence
from services.attendance.presence import queries as presence_queries
from services.attendance.presence import rules as presence_rules
from services.attendance.roll_calls import commands as roll_calls
from services.attendance.tables import CustodyChain, PickupAuthorization, Pupil
from shared.contracts.attendance import HandoverCompleted
from shared.contracts.enrollment import GuardianLinkEnded, GuardianLinkVerified
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import policy_of_district, policy_of_term
from shared.refusals import NotFound

# Authorizations


def keep_guardian(work: Work, said: GuardianLinkVerified | GuardianLinkEnded) -> None:
    """A verified guardian may fetch the child at once; a suspension outlives what enrollment says (a denial wins)."""
    state = "ACTIVE" if isinstance(said, GuardianLinkVerified) else "ENDED"
    statement = insert(PickupAuthorization).values(
        id=said.link_id,
        district_id=said.district_id,
        school_id=said.school_id,
        version=1,
        subject_version=work.heard_version,
        pupil_id=said.pupil_id,
        person_id=said.guardian_id,
        kind=rules.GUARDIAN,
        state=state,
        valid_from=date.min,
        is_minor=False,
        proposed_by="service:enrollment",
    )
    kept = case((PickupAuthorization.state == "SUSPENDED", "SUSPENDED"), else_=state)
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={
                "state": kept if state == "ACTIVE" else state,
                "school_id": said.school_id,
                "subject_version": work.heard_version,
                "version": PickupAuthorization.version + 1,
            },
            where=PickupAuthorization.subject_version < work.heard_version,
        )
    )


def propose(
    work: Work,
    *,
    pupil_id: UUID,
    kind: str,
    valid_from: date,
    valid_until: date | None = None,
    name: str | None = None,
    phone: str | None = None,
    relation: str | None = None,
    is_minor: bool = False,
) -> PickupAuthorization:
    """A guardian names somebody who may fetch their child, or says that it may leave alone."""
    pupil = directory.own_pupil(work, pupil_id)
    if kind == rules.SELF_LEAVE:
        rules.need_grade(pupil.grade, policy_of_district(work))
    authorization_id = new_id()
    return work.add(
        PickupAuthorization(
            id=authorization_id,
            district_id=pupil.district_id,
            school_id=pupil.school_id,
            subject_version=0,
            pupil_id=pupil.id,
            person_id=None if kind == rules.SELF_LEAVE else new_id(),
            kind=kind,
            state=rules.AUTHORIZATION.initial,
            valid_from=valid_from,
            valid_until=valid_from if kind == "ONE_DAY" else valid_until,
            relation=relation,
            is_minor=is_minor,
            name_sealed=work.keyring.seal(authorization_id, "name", name) if name else None,
            phone_sealed=work.keyring.seal(authorization_id, "phone", phone) if phone else None,
            proposed_by=work.caller.subject,
        )
    )


def verify(work: Work, authorization_id: UUID) -> PickupAuthorization:
    """The school has checked who that is and how they are related."""
    found = work.get(PickupAuthorization, authorization_id, lock=True)
    teacher = directory.class_teacher_of(work, found.pupil_id)
    rules.need_verifier(
        work.caller.subject,
        found.proposed_by,
        is_class_teacher=teacher is not None and teacher == work.caller.person_id,
        roles=work.caller.roles,
    )
    found.state = rules.AUTHORIZATION.move(found.state, "verify")
    found.verified_by = work.caller.subject
    return found


def suspend(
    work: Work, authorization_id: UUID, *, evidence: str | None = None, evidence_ref: str | None = None
) -> PickupAuthorization:
    """Nobody hands the child to this person for now, whatever else allows it."""
    found = _own(work, authorization_id)
    rules.need_evidence(found.kind, evidence, policy_of_district(work))
    found.state = rules.AUTHORIZATION.move(found.state, "suspend")
    found.evidence, found.evidence_ref = evidence, evidence_ref
    return found


def reinstate(work: Work, authorization_id: UUID) -> PickupAuthorization:
    """The reason for the suspension is gone, the school finds."""
    found = work.get(PickupAuthorization, authorization_id, lock=True)
    found.state = rules.AUTHORIZATION.move(found.state, "reinstate")
    return found


def revoke(work: Work, authorization_id: UUID) -> PickupAuthorization:
    """This person does not fetch the child any more."""
    found = _own(work, authorization_id)
    rules.need_local(found.kind)
    found.state = rules.AUTHORIZATION.move(found.state, "revoke")
    return found


def _own(work: Work, authorization_id: UUID) -> PickupAuthorization:
    """The authorization, locked; a guardian reaches those of their own children only."""
    found = work.get(PickupAuthorization, authorization_id, lock=True)
    if work.caller.roles == {"guardian"} and not directory.is_guardian(work, work.caller.person_id, found.pupil_id):
        raise NotFound("PickupAuthorization")
    return found


# Fetching


def release(
    work: Work,
    pupil_id: UUID,
    *,
    method: str,
    authorization_id: UUID | None = None,
    person_id: UUID | None = None,
) -> dict[str, Any]:
    """Let a child go to somebody who may fetch it now (G-HANDOVER); works with every other service away."""
    chain, policy = _in_care(work, pupil_id)
    rules.need_method(method, policy)
    releaser = _need_releaser(work, chain, policy)
    if method == rules.SELF_LEAVE:
        rules.need_grade(work.get(Pupil, pupil_id).grade, policy)
        receiver = None
    else:
        receiver = queries.collector(work, pupil_id, authorization_id, person_id)
        rules.need_receiver(receiver, releaser, policy)
    minors_may = policy.value("pickup.minors_may_collect")
    which = {"of_pupil": pupil_id, "receiver": receiver, "today": work.today, "minors_may": minors_may}
    used = work.session.connection().execute(_LET_GO_IF, _gone(chain) | which).first()
    if used is None:
        found = queries.standing(work, pupil_id, receiver)
        raise rules.refusal(rules.why_not(found, minors_may=minors_may), policy)
    return _record(work, chain, used.kind, method, from_id=releaser, to_id=receiver, authorization_id=used.id)


def release_in_emergency(
    work: Work, pupil_id: UUID, *, method: str, note: str, person_id: UUID | None = None
) -> dict[str, Any]:
    """The duty leader lets a child go on their own responsibility, or to police or community."""
    chain, _ = _in_care(work, pupil_id)
    releaser = presence.need_leading(work, chain.school_id)
    work.session.connection().execute(_LET_GO, _gone(chain))
    return _record(work, chain, method, method, from_id=releaser, to_id=person_id, note=note)


def _in_care(work: Work, pupil_id: UUID) -> tuple[CustodyChain, Policy]:
    """The child's chain today, locked, and the policy of its session; NotFound, or "illegal_transition"."""
    chain, term_id = chains.lock_chain(work, pupil_id, work.today)
    custody_rules.CUSTODY.move(chain.state, "release")
    return chain, policy_of_term(work, chain.school_id, term_id) if term_id else policy_of_district(work)


def _need_releaser(work: Work, chain: CustodyChain, policy: Policy) -> UUID:
    """Whoever keeps the child, is checked in there or leads the duty; nobody who is known to be blocked."""
    caller = work.caller.person_id
    if caller is None or caller != chain.holder_id:
        keepers = presence_queries.keepers(work, chain.school_id, chain.session_id)
        return presence_rules.need_keeper(caller, keepers)
    if presence_queries.is_kept_away(work, caller):
        raise presence_rules.blocked(policy, "G-HANDOVER")
    return caller


_LET_GO = (
    update(CustodyChain)
    .where(CustodyChain.id == bindparam("chain"))
    .values(
        state=bindparam("next_state"),
        holder_id=None,
        position=CustodyChain.position + 1,
        version=CustodyChain.version + 1,
    )
)
_TODAY = bindparam("today", type_=Date)
_SEEN = (
    queries.of_person(bindparam("of_pupil"), bindparam("receiver", type_=Uuid)).with_for_update(read=True).cte("seen")
)
_LET_GO_IF = _LET_GO.where(
    _SEEN.c.pupil_id == CustodyChain.pupil_id,
    _SEEN.c.state == "ACTIVE",
    _SEEN.c.kind.in_(rules.LETTING_GO),
    _SEEN.c.valid_from <= _TODAY,
    or_(_SEEN.c.valid_until.is_(None), _SEEN.c.valid_until >= _TODAY),
    or_(bindparam("minors_may", type_=Boolean), _SEEN.c.is_minor.is_(False)),
    ~select(_SEEN.c.id).where(_SEEN.c.state == "SUSPENDED").exists(),
).returning(_SEEN.c.id, _SEEN.c.kind)
"""One statement finds a permission and no denial, sharing their locks, and lets the child go; no row: it did not."""


def _gone(chain: CustodyChain) -> dict[str, Any]:
    return {"chain": chain.id, "next_state": custody_rules.CUSTODY.move(chain.state, "release")}


def _record(work: Work, chain: CustodyChain, receiver_kind: str, method: str, **facts: Any) -> dict[str, Any]:
    """Write the handover, and what follows from the child being gone."""
    (handover_id,) = custody.write_handovers(work, [chain], "release", method=method, **facts)
    if chain.session_id is None:
        ad_hoc_care.hand_over(work, chain, handover_id)
    elif chain.state == "IN_SERVICE":
        roll_calls.mark_left_early(work, chain.session_id, chain.pupil_id)
    late_pickups.resolve(work, chain)
    work.emit(
        HandoverCompleted(
            district_id=chain.district_id,
            school_id=chain.school_id,
            handover_id=handover_id,
            pupil_id=chain.pupil_id,
            session_id=chain.session_id,
            receiver_kind=receiver_kind,
            method=method,
            at=work.now,
        )
    )
    return {"handover_id": handover_id, "pupil_id": chain.pupil_id, "receiver_kind": receiver_kind, "method": method}

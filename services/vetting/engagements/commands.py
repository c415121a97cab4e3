"""Drafting, signing, ending contracts."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.vetting.decisions import commands as decisions
from services.vetting.engagements import queries, rules
from services.vetting.people import queries as people
from services.vetting.people import rules as standing
from services.vetting.rosters import commands as rosters
from services.vetting.tables import Engagement, InsufficiencyDeclaration
from shared.clock import day_ends
from shared.contracts.vetting import EngagementActivated, EngagementTerminated
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.timers import cancel_timer, set_timer

EXPIRY = "engagement.expiry"


def declare_insufficiency(
    work: Work, *, school_id: UUID, starts_on: date, ends_on: date, evidence_ref: str
) -> InsufficiencyDeclaration:
    """A principal states that the school's own staff does not suffice, so that people from outside may be hired."""
    work.caller.need_school(school_id)
    rules.need_interval(starts_on, ends_on)
    return work.add(
        InsufficiencyDeclaration(
            district_id=work.caller.district_id,
            school_id=school_id,
            starts_on=starts_on,
            ends_on=ends_on,
            evidence_ref=evidence_ref,
            declared_by=work.caller.subject,
        )
    )


def draft(
    work: Work,
    *,
    school_id: UUID,
    person_id: UUID,
    kind: str,
    starts_on: date,
    ends_on: date,
    rate_fen: int | None = None,
    insufficiency_ref: str | None = None,
) -> Engagement:
    """Write a contract; refused when the profile does not allow its kind for the person's category.

    `insufficiency_ref` speaks for this contract alone; without it the school's declaration for its first day does.
    """
    work.caller.need_school(school_id)
    rules.need_interval(starts_on, ends_on)
    person = people.find_person(work, person_id)
    policy = policy_of_district(work)
    standing.need_contract_kind(person.category, kind, policy)
    insufficiency_ref = insufficiency_ref or queries.declared_ref(work, school_id, starts_on)
    standing.need_insufficiency(person.category, insufficiency_ref, policy)
    return work.add(
        Engagement(
            district_id=person.district_id,
            school_id=school_id,
            person_id=person_id,
            kind=kind,
            state=rules.ENGAGEMENT.initial,
            starts_on=starts_on,
            ends_on=ends_on,
            rate_fen=rate_fen,
            insufficiency_ref=insufficiency_ref,
            signed_by=[],
        )
    )


def sign(work: Work, engagement_id: UUID, *, party: str) -> Engagement:
    """One party signs; with both signatures the contract is in force."""
    engagement = work.get(Engagement, engagement_id, lock=True)
    engagement.signed_by = sorted({*engagement.signed_by, party})
    if not rules.is_signed(engagement.signed_by):
        return engagement
    _put_in_force(work, engagement)
    return engagement


def second(
    work: Work, *, school_id: UUID, person_id: UUID, starts_on: date, ends_on: date, evidence_ref: str
) -> Engagement:
    """The district sends a teacher of one of its schools to another for a time (P2-3.4.4); in force at once."""
    rules.need_interval(starts_on, ends_on)
    person = people.find_person(work, person_id)
    standing.need_secondment(person.category, policy_of_district(work))
    rules.need_elsewhere(queries.schools_of(work, person_id), school_id)
    engagement = work.add(
        Engagement(
            id=new_id(),
            district_id=person.district_id,
            school_id=school_id,
            person_id=person_id,
            kind=standing.SECONDMENT,
            state=rules.ENGAGEMENT.initial,
            starts_on=starts_on,
            ends_on=ends_on,
            signed_by=[],
        )
    )
    decisions.keep(work, engagement.id, "second", evidence_ref)
    _put_in_force(work, engagement)
    return engagement


def _put_in_force(work: Work, engagement: Engagement) -> None:
    engagement.state = rules.ENGAGEMENT.move(rules.ENGAGEMENT.move(engagement.state, "sign"), "activate")
    set_timer(work, EXPIRY, engagement.id, day_ends(engagement.ends_on))
    work.emit(
        EngagementActivated(
            district_id=engagement.district_id,
            school_id=engagement.school_id,
            engagement_id=engagement.id,
            person_id=engagement.person_id,
            kind=engagement.kind,
            starts_on=engagement.starts_on,
            ends_on=engagement.ends_on,
            rate_fen=engagement.rate_fen,
        )
    )


def terminate(work: Work, engagement_id: UUID) -> Engagement:
    """End a contract today; the person is off what it alone carried at that school."""
    engagement = work.get(Engagement, engagement_id, lock=True)
    _end(work, engagement, "terminate", work.today)
    return engagement


def expire(work: Work, engagement_id: UUID) -> None:
    """A contract's last day is over (timer)."""
    engagement = work.get(Engagement, engagement_id, lock=True)
    if engagement.state == "ACTIVE" and engagement.ends_on < work.today:
        _end(work, engagement, "expire", engagement.ends_on)


def end_all(work: Work, person_id: UUID) -> None:
    """A person serves no more: every contract ends today; the caller holds the person's row."""
    open_ones = select(Engagement).where(Engagement.person_id == person_id, Engagement.state != "ENDED")
    for engagement in work.session.scalars(open_ones.order_by(Engagement.id).with_for_update()):
        _end(work, engagement, "terminate", work.today)


def _end(work: Work, engagement: Engagement, action: str, last_day: date) -> None:
    was_active = engagement.state == "ACTIVE"
    engagement.state = rules.ENGAGEMENT.move(engagement.state, action)
    engagement.ends_on = last_day
    cancel_timer(work, EXPIRY, engagement.id)
    if not was_active:
        return
    work.emit(
        EngagementTerminated(
            district_id=engagement.district_id,
            school_id=engagement.school_id,
            engagement_id=engagement.id,
            person_id=engagement.person_id,
            ended_on=last_day,
        )
    )
    work.session.flush()
    rosters.leave_school(work, engagement.school_id, engagement.person_id, "ENGAGEMENT_ENDED")

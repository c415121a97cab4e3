"""Drafting, signing, ending contracts."""

from datetime import date
from uuid import UUID

from services.vetting.engagements import rules
from services.vetting.people import queries as people
from services.vetting.tables import Engagement
from shared.contracts.vetting import EngagementActivated, EngagementTerminated
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


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
    """Write a contract; refused when the profile does not allow its kind for the person's category."""
    work.caller.need_school(school_id)
    person = people.find_person(work, person_id)
    policy = policy_of_district(work)
    rules.need_kind(person.category, kind, policy)
    rules.need_insufficiency(person.category, insufficiency_ref, policy)
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
    engagement.state = rules.ENGAGEMENT.move(rules.ENGAGEMENT.move(engagement.state, "sign"), "activate")
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
    return engagement


def terminate(work: Work, engagement_id: UUID) -> Engagement:
    """End a contract today."""
    engagement = work.get(Engagement, engagement_id, lock=True)
    engagement.state = rules.ENGAGEMENT.move(engagement.state, "terminate")
    engagement.ends_on = work.today
    work.emit(
        EngagementTerminated(
            district_id=engagement.district_id,
            school_id=engagement.school_id,
            engagement_id=engagement.id,
            person_id=engagement.person_id,
            ended_on=work.today,
        )
    )
    return engagement

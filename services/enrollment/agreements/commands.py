"""Offering, signing or acknowledging, countersigning."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.enrollment.agreements import queries, rules
from services.enrollment.applications import queries as applications
from services.enrollment.directory import queries as directory
from services.enrollment.placement import commands as placement
from services.enrollment.placement import queries as placement_queries
from services.enrollment.tables import Agreement
from shared.contracts.enrollment import AgreementInForce
from shared.messaging.work import Work
from shared.policy.published import policy_of_term, term
from shared.refusals import NotFound, Refused


def offer(work: Work, *, application_ids: Sequence[UUID], sections: Mapping[str, str]) -> list[Agreement]:
    """Offer the same text to the families of approved applications of one plan, all or none."""
    found = applications.find_applications(work, application_ids)
    school_id, term_id = found[0].school_id, found[0].term_id
    rules.need_sections(sections, policy_of_term(work, school_id, term_id))
    known = placement_queries.agreements_of(work, application_ids)
    days = term(work, term_id)
    if known or any(one.state != "APPROVED" for one in found):
        raise Refused("agreement_not_offerable")
    offered = [
        Agreement(
            district_id=one.district_id,
            school_id=one.school_id,
            application_id=one.id,
            term_id=one.term_id,
            pupil_id=one.pupil_id,
            guardian_id=one.guardian_id,
            state=rules.AGREEMENT.move(rules.AGREEMENT.initial, "offer"),
            sections=dict(sections),
            starts_on=max(days.starts_on, min(work.today, days.ends_on)),
            ends_on=days.ends_on,
        )
        for one in found
    ]
    work.session.add_all(offered)
    return offered


def sign(work: Work, agreement_id: UUID) -> Agreement:
    """A verified guardian of the pupil signs."""
    return _by_guardian(work, agreement_id, "sign")


def acknowledge(work: Work, agreement_id: UUID) -> Agreement:
    """A verified guardian has read whose duties are which; that is enough where nobody has to sign."""
    agreement = _by_guardian(work, agreement_id, "acknowledge")
    _put_in_force(work, [agreement])
    return agreement


def _by_guardian(work: Work, agreement_id: UUID, action: str) -> Agreement:
    agreement = work.get(Agreement, agreement_id, lock=True)
    if not directory.is_guardian(work, work.caller.person_id, agreement.pupil_id):
        raise NotFound("agreement")
    rules.need_way(action, policy_of_term(work, agreement.school_id, agreement.term_id))
    agreement.state = rules.AGREEMENT.move(agreement.state, action)
    agreement.signed_by = work.caller.subject
    return agreement


def countersign(work: Work, *, agreement_ids: Sequence[UUID]) -> list[Agreement]:
    """The school signs, all or none."""
    found = queries.find_agreements(work, agreement_ids)
    for agreement in found:
        agreement.state = rules.AGREEMENT.move(agreement.state, "countersign")
        agreement.countersigned_by = work.caller.subject
    _put_in_force(work, found)
    return found


def _put_in_force(work: Work, agreements: Sequence[Agreement]) -> None:
    """Say agreements that hold from here on; whoever waited only for theirs takes part."""
    for agreement in agreements:
        work.emit(
            AgreementInForce(
                district_id=agreement.district_id,
                school_id=agreement.school_id,
                agreement_id=agreement.id,
                participation_id=agreement.application_id,
                starts_on=agreement.starts_on,
                ends_on=agreement.ends_on,
            )
        )
    work.session.flush()
    placement.reconcile(work, [agreement.application_id for agreement in agreements])

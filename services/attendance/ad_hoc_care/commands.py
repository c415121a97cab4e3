"""Asking for ad-hoc care, keeping the child, handing it over, closing. Locks: the care, then the chain."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.attendance.ad_hoc_care import rules
from services.attendance.custody import commands as custody
from services.attendance.custody import queries as chains
from services.attendance.directory import queries as directory
from services.attendance.tables import AdHocCare, CustodyChain
from shared.contracts.attendance import AdHocCareClosed, AdHocCareStarted
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


def request(work: Work, *, pupil_id: UUID, on: date) -> AdHocCare:
    """A guardian asks that their child be kept on a day."""
    pupil = directory.own_pupil(work, pupil_id)
    rules.need_allowed(policy_of_district(work))
    return work.add(
        AdHocCare(
            district_id=pupil.district_id,
            school_id=pupil.school_id,
            pupil_id=pupil.id,
            on=on,
            state=rules.AD_HOC_CARE.initial,
            requested_by=work.caller.person_id,
        )
    )


def accept(work: Work, care_id: UUID) -> AdHocCare:
    """The class teacher will keep the child."""
    care, teacher = _of_own_class(work, care_id)
    care.state, care.teacher_id = rules.AD_HOC_CARE.move(care.state, "accept"), teacher
    return care


def start(work: Work, care_id: UUID) -> AdHocCare:
    """The class is over, and the child stays with its class teacher."""
    care, teacher = _of_own_class(work, care_id)
    care.state = rules.AD_HOC_CARE.move(care.state, "start")
    custody.begin_chains(work, care, [care.pupil_id], teacher)
    (chain,) = chains.lock_chains(work, [care.pupil_id], care.on)
    custody.pass_on(work, [chain], "keep_ad_hoc", to_id=teacher, from_id=teacher)
    care.chain_id, care.started_at = chain.id, work.now
    work.emit(
        AdHocCareStarted(
            district_id=care.district_id,
            school_id=care.school_id,
            care_id=care.id,
            pupil_id=care.pupil_id,
            teacher_id=teacher,
        )
    )
    return care


def hand_over(work: Work, chain: CustodyChain, handover_id: UUID) -> None:
    """The child was fetched out of ad-hoc care. The caller holds the chain."""
    running = select(AdHocCare).where(AdHocCare.chain_id == chain.id, AdHocCare.state == "IN_CARE")
    care = work.session.scalars(running.with_for_update()).one_or_none()
    if care is not None:
        care.state, care.handover_id = rules.AD_HOC_CARE.move(care.state, "hand_over"), handover_id


def close(work: Work, care_id: UUID, *, contact: str | None) -> AdHocCare:
    """Put the talk with the parent on record, and end it."""
    care, _ = _of_own_class(work, care_id)
    records = {
        "care": care.started_at is not None,
        "handover": care.handover_id is not None,
        "parent_contact": contact is not None,
    }
    rules.need_records(records, policy_of_district(work))
    care.state, care.contact = rules.AD_HOC_CARE.move(care.state, "close"), contact
    work.emit(
        AdHocCareClosed(district_id=care.district_id, school_id=care.school_id, care_id=care.id, pupil_id=care.pupil_id)
    )
    return care


def cancel(work: Work, care_id: UUID) -> AdHocCare:
    """The guardian comes in time after all."""
    care = work.get(AdHocCare, care_id, lock=True)
    directory.own_pupil(work, care.pupil_id)
    care.state = rules.AD_HOC_CARE.move(care.state, "cancel")
    return care


def _of_own_class(work: Work, care_id: UUID) -> tuple[AdHocCare, UUID]:
    """The care, locked, and the class teacher of its pupil, who is the caller."""
    care = work.get(AdHocCare, care_id, lock=True)
    teacher = directory.class_teacher_of(work, care.pupil_id)
    return care, rules.need_class_teacher(teacher, work.caller.person_id, policy_of_district(work))

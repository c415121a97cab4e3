"""Publishing a duty sheet, and signing it."""

from collections.abc import Sequence
from uuid import UUID

from services.vetting.duty_sheets import queries, rules
from services.vetting.people.rules import g_category
from services.vetting.tables import DutySheet, DutySheetSignature
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import NotFound, Refused


def publish(work: Work, *, school_id: UUID, term_id: UUID, category: str, duties: Sequence[str]) -> DutySheet:
    """State the duties of a category of people for a term, in place of what was stated before; to be signed anew."""
    work.caller.need_school(school_id)
    g_category(category, policy_of_district(work))
    return work.add(
        DutySheet(
            district_id=work.caller.district_id,
            school_id=school_id,
            term_id=term_id,
            category=category,
            duties=list(duties),
            published_by=work.caller.subject,
            published_at=work.now,
        )
    )


def sign(work: Work, sheet_id: UUID) -> DutySheetSignature:
    """The caller acknowledges the sheet in force that concerns them, once; nobody does it for somebody else."""
    sheet, signer = work.get(DutySheet, sheet_id), work.caller.person_id
    if signer is None:
        raise NotFound("person")
    rules.need_in_force(sheet.id, queries.newest_id(work, sheet))
    rules.need_concerned(queries.is_concerned(work, sheet, signer), sheet.category)
    if queries.find_signature(work, sheet.id, signer) is not None:
        raise Refused("already_exists", thing="duty_sheet_signature")
    return work.add(
        DutySheetSignature(
            district_id=sheet.district_id,
            school_id=sheet.school_id,
            sheet_id=sheet.id,
            person_id=signer,
            signed_at=work.now,
        )
    )

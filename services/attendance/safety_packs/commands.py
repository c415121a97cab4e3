"""Putting a safety pack in force."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from services.attendance.safety_packs import rules
from services.attendance.tables import SafetyPack
from shared.contracts.attendance import SafetyPackReady
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


def make_ready(work: Work, *, school_id: UUID, term_id: UUID, items: Sequence[Mapping[str, str]]) -> SafetyPack:
    """Put a complete pack in force; again, it replaces the documents. A pack may be ready before the plan is filed."""
    work.caller.need_school(school_id)
    documents = {item["name"]: item["document_ref"] for item in items}
    rules.g_ready(documents, policy_of_district(work))
    of_term = select(SafetyPack).where(SafetyPack.school_id == school_id, SafetyPack.term_id == term_id)
    pack = work.session.scalars(of_term.with_for_update()).one_or_none()
    if pack is None:
        pack = work.add(SafetyPack(district_id=work.caller.district_id, school_id=school_id, term_id=term_id))
    pack.documents, pack.ready_at = documents, work.now
    work.emit(
        SafetyPackReady(
            district_id=pack.district_id, school_id=school_id, term_id=term_id, items=tuple(sorted(documents))
        )
    )
    return pack

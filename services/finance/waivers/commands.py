"""Importing, applying for, granting, denying and revoking waivers."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.finance.billing import commands as billing
from services.finance.invoices import commands as invoices
from services.finance.invoices.queries import bill_of, need_guardian
from services.finance.ledger import commands as ledger
from services.finance.refunds import commands as refunds
from services.finance.tables import Invoice, Participation, Waiver
from services.finance.waivers import queries, rules
from shared.contracts.finance import WaiverGranted
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import policy_of_district
from shared.refusals import Refused, of_row


def import_list(work: Work, rows: Sequence[Mapping[str, Any]], document_no: str) -> dict[str, Any]:
    """Grant the rows of the district's aid list; a row that is wrong is reported with its code and changes nothing."""
    policy = policy_of_district(work)
    schools = queries.schools_of(work, {row["pupil_id"] for row in rows})
    errors: list[dict[str, Any]] = []
    granted: list[Waiver] = []
    for number, row in enumerate(rows, start=1):
        refusal = _fault_of(policy, row, schools.get(row["pupil_id"]))
        if refusal is not None:
            errors.append(of_row(number, refusal))
            continue
        waiver = _waiver(work, schools[row["pupil_id"]], row, evidence_ref=document_no)
        waiver.state = rules.WAIVER.move("IMPORTED", "grant")
        waiver.percent, waiver.reviewed_by = row["percent"], work.caller.subject
        granted.append(waiver)
    work.session.add_all(granted)
    _take_effect(work, granted)
    return {"granted": len(granted), "errors": errors}


def _fault_of(policy: Policy, row: Mapping[str, Any], school_id: UUID | None) -> Refused | None:
    try:
        rules.need_pupil(school_id)
        rules.need_basis(policy, row["basis"])
        rules.g_waive(policy, row["percent"])
        rules.need_order(row["starts_on"], row["ends_on"])
    except Refused as refusal:
        return refusal
    return None


def _waiver(work: Work, school_id: UUID, told: Mapping[str, Any], *, evidence_ref: str) -> Waiver:
    waiver_id = new_id()
    return Waiver(
        id=waiver_id,
        district_id=work.caller.district_id,
        school_id=school_id,
        pupil_id=told["pupil_id"],
        state=rules.WAIVER.initial,
        basis_sealed=work.keyring.seal(waiver_id, "basis", told["basis"]),
        evidence_ref=evidence_ref,
        starts_on=told["starts_on"],
        ends_on=told["ends_on"],
        applied_by=work.caller.subject,
    )


def apply(work: Work, *, consent: bool, evidence_ref: str, **told: Any) -> Waiver:
    """Ask to be relieved; nothing is billed before the answer."""
    need_guardian(work, told["pupil_id"])
    policy = policy_of_district(work)
    rules.need_consent(consent, policy)
    rules.need_basis(policy, told["basis"])
    rules.need_order(told["starts_on"], told["ends_on"])
    school_id = rules.need_pupil(queries.schools_of(work, [told["pupil_id"]]).get(told["pupil_id"]))
    return work.add(_waiver(work, school_id, told, evidence_ref=evidence_ref))


def grant(work: Work, waiver_id: UUID, *, percent: int) -> Waiver:
    """Relieve a pupil of a percent of the fee; what was paid beyond the rest goes back once."""
    waiver = work.get(Waiver, waiver_id)
    rules.g_waive(policy_of_district(work), percent)
    _lock_books(work, queries.touched_terms(work, [waiver.id]))
    waiver = work.get(Waiver, waiver_id, lock=True)
    waiver.state = rules.WAIVER.move(waiver.state, "grant")
    waiver.percent, waiver.reviewed_by = percent, work.caller.subject
    _take_effect(work, [waiver])
    return waiver


def deny(work: Work, waiver_id: UUID) -> Waiver:
    """Refuse an application; what it held back is billed."""
    waiver = work.get(Waiver, waiver_id)
    _lock_books(work, queries.touched_terms(work, [waiver.id]))
    waiver = work.get(Waiver, waiver_id, lock=True)
    waiver.state = rules.WAIVER.move(waiver.state, "deny")
    waiver.reviewed_by = work.caller.subject
    work.session.flush()
    billing.retry_where(work, Participation.pupil_id == waiver.pupil_id)
    return waiver


def revoke(work: Work, waiver_id: UUID, *, from_on: date) -> Waiver:
    """End a waiver from a date on; what it relieved before stays relieved."""
    waiver = work.get(Waiver, waiver_id, lock=True)
    rules.need_not_back(from_on, work.today)
    waiver.state = rules.WAIVER.move(waiver.state, "revoke")
    waiver.ends_on = from_on
    return waiver


def _lock_books(work: Work, touched: Mapping[UUID, set[tuple[UUID, UUID]]]) -> None:
    for school_id, term_id in sorted(set().union(*touched.values())):
        ledger.lock_book(work, school_id, term_id)


def _take_effect(work: Work, granted: Sequence[Waiver]) -> None:
    """Say the waivers, lower what was billed already, and bill what waited for them."""
    work.session.flush()
    for waiver in granted:
        work.emit(
            WaiverGranted(
                district_id=waiver.district_id,
                school_id=waiver.school_id,
                waiver_id=waiver.id,
                pupil_id=waiver.pupil_id,
                percent=waiver.percent or 0,
                starts_on=waiver.starts_on,
                ends_on=waiver.ends_on,
            )
        )
    touched = queries.touched_terms(work, [waiver.id for waiver in granted])
    _lock_books(work, touched)
    pupils = {waiver.pupil_id: waiver for waiver in granted}
    live = work.session.scalars(
        select(Invoice)
        .where(Invoice.pupil_id.in_(pupils), Invoice.state.not_in(("DRAFT", "VOID")))
        .order_by(Invoice.id)
        .with_for_update()
    )
    for invoice in list(live):
        if (invoice.school_id, invoice.term_id) in touched[invoice.pupil_id]:
            _lower(work, invoice, pupils[invoice.pupil_id])
    billing.retry_where(work, Participation.pupil_id.in_(pupils))


def _lower(work: Work, invoice: Invoice, waiver: Waiver) -> None:
    bill = bill_of(work, invoice)
    waived = bill.waive(waiver.percent or 0)
    if waived == bill:
        return
    cause = f"waiver:{waiver.id}:{invoice.id}"
    goes_back = invoices.lower(work, invoice, waived.waived - bill.waived, "WAIVER", cause)
    invoice.waived_fen = waived.waived
    if goes_back:
        refunds.decide(work, invoice, "WAIVER_LATE", cause, goes_back)
    invoices.settle_if_paid(work, invoice, "payment" if waived.paid else "waiver")

"""Deciding, approving, paying refunds."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.finance.billing.commands import keep_participation
from services.finance.invoices import commands as invoices
from services.finance.invoices.queries import bill_of, find_invoice
from services.finance.ledger import commands as ledger
from services.finance.ledger import queries as balances
from services.finance.ledger.rules import REFUND_PAYABLE, SUSPENSE, income
from services.finance.refunds import queries, rules
from services.finance.tables import Invoice, Item, Participation, Refund
from shared.contracts.enrollment import ItemDelisted, ParticipationWithdrawn
from shared.contracts.finance import ItemRefundsClosed, RefundClosedZero, RefundPaid
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_term, term


def settle_withdrawal(work: Work, withdrawn: ParticipationWithdrawn) -> None:
    """Take the undelivered part off every invoice of a participation, and decide once what goes back (INV-X-02)."""
    ledger.lock_book(work, withdrawn.school_id, withdrawn.term_id)
    participation = keep_participation(work, withdrawn)
    if participation.withdrawn_on is not None:
        return
    participation.withdrawn_on = withdrawn.effective_on
    work.session.flush()
    _settle_all(work, participation)


def settle_left(work: Work, participation_id: UUID) -> None:
    """A participation was billed after its withdrawal, for want of a fact until then (timer); the same decision."""
    _settle_all(work, ledger.lock_after_book(work, Participation, participation_id))


def _settle_all(work: Work, participation: Participation) -> None:
    owed = work.session.scalars(
        select(Invoice).where(Invoice.participation_id == participation.id).order_by(Invoice.id).with_for_update()
    )
    for invoice in list(owed):
        if invoice.held_because != "policy_missing" and queries.find_decision(work, f"withdrawal:{invoice.id}") is None:
            _settle(work, participation, invoice)


def _settle(work: Work, participation: Participation, invoice: Invoice) -> None:
    decides = f"withdrawal:{invoice.id}"
    unused = 0 if invoice.state in ("DRAFT", "VOID") else _unused(work, participation, invoice)
    if unused is None:
        _open(work, invoice, "WITHDRAWAL", decides)
        return
    goes_back = invoices.lower(work, invoice, unused, "CREDIT_NOTE", decides) if unused else 0
    if invoice.state == "DRAFT" or (unused and not bill_of(work, invoice).due and not goes_back):
        if invoice.state in ("DRAFT", "ISSUED", "OVERDUE"):
            invoices.void(work, invoice, f"void:{invoice.id}")
    else:
        invoices.settle_if_paid(work, invoice, "payment")
    decide(work, invoice, "WITHDRAWAL", decides, goes_back)


def _unused(work: Work, participation: Participation, invoice: Invoice) -> int | None:
    if participation.starts_on is None or participation.ends_on is None or participation.withdrawn_on is None:
        raise ValueError("an invoiced participation has its dates")
    return rules.unused(
        policy_of_term(work, invoice.school_id, invoice.term_id),
        bill_of(work, invoice).due,
        term(work, invoice.term_id).school_days,
        (participation.starts_on, participation.ends_on),
        participation.withdrawn_on,
    )


def follow_delisted(work: Work, delisted: ItemDelisted) -> None:
    """An item is offered no more: who left with it has a refund already; who stays and paid for it is owed a decision.

    An accountant sets the amount (S4); when no refund of the item is open any more, that is said.
    """
    ledger.lock_book(work, delisted.school_id, delisted.term_id)
    charged = queries.staying(work, delisted.item_id)
    item = work.get(Item, delisted.item_id, lock=True)
    if item.delisting is not None:
        return
    item.delisting = "OPEN"
    cause = "CANCELLED_SESSIONS" if delisted.provider_id is None else "PROVIDER_EXIT"
    for invoice, _ in charged:
        _open(work, invoice, cause, f"delisted:{item.id}:{invoice.id}")
    _close_items(work, [item])


def _close_items(work: Work, items: Sequence[Item]) -> None:
    """Say of which delisted items no refund is open any more; the caller holds their rows."""
    work.session.flush()
    still_open = queries.items_with_open_refund(work, [item.id for item in items])
    for item in items:
        if item.id not in still_open:
            item.delisting = "CLOSED"
            owner = {"district_id": item.district_id, "school_id": item.school_id}
            work.emit(ItemRefundsClosed(**owner, item_id=item.id, term_id=item.term_id))


def _follow_end(work: Work, refund: Refund) -> None:
    """A refund may have ended, perhaps the last one that a delisted item waited for."""
    work.session.flush()
    _close_items(work, queries.delisted_items_of(work, refund.invoice_id))


def decide(
    work: Work, invoice: Invoice, cause: str, decides: str, amount_fen: int, *, from_suspense: bool = False
) -> Refund:
    """The one decision about something: an amount to be approved, or nothing. The caller holds the invoice."""
    if (known := queries.find_decision(work, decides)) is not None:
        return known
    refund = _open(work, invoice, cause, decides, from_suspense=from_suspense)
    _calculate(work, refund, amount_fen)
    return refund


def _open(work: Work, invoice: Invoice, cause: str, decides: str, *, from_suspense: bool = False) -> Refund:
    return work.add(
        Refund(
            district_id=invoice.district_id,
            school_id=invoice.school_id,
            invoice_id=invoice.id,
            participation_id=invoice.participation_id,
            pupil_id=invoice.pupil_id,
            term_id=invoice.term_id,
            payee_id=work.session.get_one(Participation, invoice.participation_id).guardian_id,
            cause=cause,
            decides=decides,
            from_suspense=from_suspense,
            amount_fen=0,
            state=rules.REFUND.initial,
            prepared_by=work.caller.subject,
        )
    )


def _calculate(work: Work, refund: Refund, amount_fen: int) -> None:
    refund.state = rules.REFUND.move(refund.state, "calculate")
    refund.amount_fen, refund.prepared_by = amount_fen, work.caller.subject
    if amount_fen == 0:
        refund.state = rules.REFUND.move(refund.state, "close")
        work.emit(
            RefundClosedZero(
                district_id=refund.district_id,
                school_id=refund.school_id,
                refund_id=refund.id,
                participation_id=refund.participation_id,
                cause=refund.cause,
            )
        )


def request(work: Work, *, invoice_id: UUID, cause: str, reason: str) -> Refund:
    """Ask for money back by hand; the accountant calculates it."""
    refund = _open(work, find_invoice(work, invoice_id), cause, f"request:{new_id()}")
    refund.reason = reason
    return refund


def calculate(work: Work, refund_id: UUID, *, amount_fen: int) -> Refund:
    """Set the amount of a requested refund; never more than came in."""
    invoice, refund = _lock(work, refund_id)
    policy = policy_of_term(work, refund.school_id, refund.term_id)
    rules.need_within_paid(amount_fen, balances.paid(work, invoice), queries.refunded(work, invoice.id), policy)
    _calculate(work, refund, amount_fen)
    _owe(work, invoice, amount_fen, f"refund:{refund.id}")
    _follow_end(work, refund)
    return refund


def _lock(work: Work, refund_id: UUID) -> tuple[Invoice, Refund]:
    """A refund and its invoice, locked in the order in which every command locks them."""
    of_refund = select(Invoice).where(Invoice.id == work.get(Refund, refund_id).invoice_id)
    invoice = work.one(of_refund, lock=True, thing="invoice")  # If-Match speaks of the refund
    return invoice, work.get(Refund, refund_id, lock=True)


def _owe(work: Work, invoice: Invoice, amount_fen: int, cause: str) -> None:
    """Income becomes a debt to the family; a negative amount takes that back."""
    amounts = {income(invoice.kind): amount_fen, REFUND_PAYABLE: -amount_fen}
    ledger.post(work, invoice, "CREDIT_NOTE", cause, amounts)


def approve(work: Work, refund_id: UUID) -> Refund:
    """Approve what somebody else prepared for somebody else."""
    refund = work.get(Refund, refund_id, lock=True)
    rules.need_approver(work.caller.subject, work.caller.person_id, refund.prepared_by, refund.payee_id)
    refund.state = rules.REFUND.move(refund.state, "approve")
    refund.approved_by = work.caller.subject
    return refund


def reject(work: Work, refund_id: UUID, *, reason: str) -> Refund:
    """Refuse a refund with its reason; the debt that it had become is income again. Suspense is never kept."""
    invoice, refund = _lock(work, refund_id)
    rules.need_not_suspense(refund.from_suspense)
    rules.need_approver(work.caller.subject, work.caller.person_id, refund.prepared_by, refund.payee_id)
    refund.state = rules.REFUND.move(refund.state, "reject")
    refund.reason = reason
    if refund.amount_fen:
        _owe(work, invoice, -refund.amount_fen, f"reject:{refund.id}")
    _follow_end(work, refund)
    return refund


def pay(work: Work, refund_id: UUID) -> Refund:
    """Send an approved refund to the family by the channel that it came by."""
    found = work.get(Refund, refund_id)
    ledger.lock_book(work, found.school_id, found.term_id)
    invoice, refund = _lock(work, refund_id)
    refund.state = rules.REFUND.move(refund.state, "pay")
    policy = policy_of_term(work, refund.school_id, refund.term_id)
    cash = ledger.need_funds(work, invoice, invoice.kind, refund.amount_fen, policy)
    debt = SUSPENSE if refund.from_suspense else REFUND_PAYABLE
    amounts = {debt: refund.amount_fen, cash: -refund.amount_fen}
    ledger.post(work, invoice, "REFUND", f"refund-paid:{refund.id}", amounts)
    if not refund.from_suspense and invoice.state in ("SETTLED", "CREDITED"):
        invoice.state = "CREDITED"
    work.emit(
        RefundPaid(
            district_id=refund.district_id,
            school_id=refund.school_id,
            refund_id=refund.id,
            participation_id=refund.participation_id,
            amount_fen=refund.amount_fen,
            cause=refund.cause,
        )
    )
    _follow_end(work, refund)
    return refund


def reconcile(work: Work, refund_id: UUID) -> Refund:
    """The bank confirms that a refund left the account."""
    refund = work.get(Refund, refund_id, lock=True)
    refund.state = rules.REFUND.move(refund.state, "reconcile")
    return refund

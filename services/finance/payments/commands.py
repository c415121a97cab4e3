"""Starting payments, and hearing the gateway."""

import secrets
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.finance.billing.queries import prices_of_invoice
from services.finance.billing.rules import are_posted, g_pub
from services.finance.invoices import commands as invoices
from services.finance.invoices.queries import find_invoice, need_guardian
from services.finance.invoices.rules import COLLECTABLE
from services.finance.ledger import commands as ledger
from services.finance.ledger import queries as balances
from services.finance.ledger.rules import RECEIVABLE, SUSPENSE, cash_of
from services.finance.payments import queries, rules
from services.finance.refunds import commands as refunds
from services.finance.tables import GatewayReceipt, Invoice, Payment
from shared.caller import service_itself
from shared.contracts.finance import MoneyViolationDetected
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_term


def start(work: Work, *, invoice_id: UUID) -> Payment:
    """Begin to pay all that is owed on an invoice of one's own child."""
    found = find_invoice(work, invoice_id)
    guardian = need_guardian(work, found.pupil_id)
    invoice = work.get(Invoice, invoice_id, lock=True)
    rules.need_collectable(invoice.state)
    policy = policy_of_term(work, invoice.school_id, invoice.term_id)
    prices = prices_of_invoice(work, invoice.id)
    g_pub(policy, are_posted(prices))
    account = rules.need_account({price.payee_account for price in prices if price})
    return work.add(
        Payment(
            district_id=invoice.district_id,
            school_id=invoice.school_id,
            invoice_id=invoice.id,
            pupil_id=invoice.pupil_id,
            term_id=invoice.term_id,
            amount_fen=balances.owed(work, invoice),
            payee_account=account,
            state=rules.PAYMENT.initial,
            started_by=guardian,
            receipt_salt=secrets.token_hex(16),
        )
    )


def hear_gateway(
    work: Work,
    body: bytes,
    signature: str,
    *,
    district_id: UUID,
    payment_id: UUID,
    transaction_id: str,
    amount_fen: int,
    payee_account: str,
) -> Payment:
    """Take the gateway's word that money came; the same transaction counts once, in whatever number it is told.

    Raises BadSignature, NotFound for a payment that was never started, Refused when the word contradicts itself.
    """
    rules.need_signature(rules.callback_key(work.keyring.index_key, district_id), body, signature)
    work.act_as(service_itself(work.service, district_id))
    found = work.get(Payment, payment_id)
    policy = policy_of_term(work, found.school_id, found.term_id)
    rules.need_payee(policy, payee_account, found.payee_account)
    if not _is_news(work, found, transaction_id, amount_fen):
        return found
    invoice = work.get(Invoice, found.invoice_id, lock=True)
    payment = work.get(Payment, payment_id, lock=True)
    may_collect = payment.state == "INITIATED" and invoice.state in COLLECTABLE
    if may_collect and policy.value("fee.block_if_unpublished") and not are_posted(prices_of_invoice(work, invoice.id)):
        may_collect = False
        _say_unpublished(work, payment)
    taken = rules.taken(amount_fen, payment.amount_fen, balances.owed(work, invoice), may_collect=may_collect)
    excess = amount_fen - taken
    cause = f"payment:{transaction_id}"
    amounts = {cash_of(invoice.kind): amount_fen, RECEIVABLE: -taken, SUSPENSE: -excess}
    ledger.post(work, invoice, "PAYMENT", cause, amounts)
    payment.state = rules.PAYMENT.move(payment.state, "confirm")
    payment.transaction_id, payment.confirmed_at = payment.transaction_id or transaction_id, work.now
    invoices.settle_if_paid(work, invoice, "payment")
    if excess:
        refunds.decide(work, invoice, "NOT_COLLECTABLE", cause, excess, from_suspense=True)
    return payment


def _say_unpublished(work: Work, payment: Payment) -> None:
    """Money came for a fee that nobody sees posted; said of a payment once, since later money finds it confirmed."""
    work.emit(
        MoneyViolationDetected(
            district_id=payment.district_id,
            school_id=payment.school_id,
            violation_id=payment.id,
            prohibition_code=rules.ILLEGAL_FEE,
            on=work.today,
            evidence_ref=f"payment:{payment.id}",
        )
    )


def _is_news(work: Work, payment: Payment, transaction_id: str, amount_fen: int) -> bool:
    """Keep the word unless it was heard before. The unique transaction makes a second teller wait for the first."""
    row = {"id": new_id(), "district_id": payment.district_id, "school_id": payment.school_id, "version": 1}
    told = {"transaction_id": transaction_id, "payment_id": payment.id, "amount_fen": amount_fen}
    kept = work.session.scalar(
        insert(GatewayReceipt).values(**row, **told).on_conflict_do_nothing().returning(GatewayReceipt.id)
    )
    if kept is not None:
        return True
    known = queries.find_word(work, transaction_id)
    if known is not None:
        rules.need_same_word((known.payment_id, known.amount_fen), (payment.id, amount_fen))
    work.session.refresh(payment)
    return False


def reconcile(work: Work, payment_id: UUID) -> Payment:
    """The bank's list of the day shows the payment."""
    payment = work.get(Payment, payment_id, lock=True)
    payment.state = rules.PAYMENT.move(payment.state, "reconcile")
    return payment

"""Reading payments."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.finance.invoices.queries import visible
from services.finance.payments import rules
from services.finance.tables import GatewayReceipt, Payment
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.refusals import NotFound


def list_payments(work: Work) -> Select[Any]:
    """Payments that the caller may see."""
    return visible(work, select(Payment), Payment.pupil_id)


def find_receipt(work: Work, payment_id: UUID) -> dict[str, Any]:
    """A family's receipt, with what finds its line in the public statement; NotFound before the money came."""
    payment = work.one(list_payments(work).where(Payment.id == payment_id), thing="payment")
    word = find_word(work, payment.transaction_id or "")
    if word is None:
        raise NotFound("receipt")
    log_access(work, "finance.receipt", [payment.pupil_id])
    return {
        "payment_id": payment.id,
        "amount_fen": word.amount_fen,
        "paid_at": payment.confirmed_at,
        "salt": payment.receipt_salt,
        "line": rules.receipt_line(payment.receipt_salt, payment.id, word.amount_fen),
    }


def find_word(work: Work, transaction_id: str) -> GatewayReceipt | None:
    """What the gateway said of a transaction before."""
    return work.session.scalar(select(GatewayReceipt).where(GatewayReceipt.transaction_id == transaction_id))


def receipt_lines(work: Work, school_id: UUID, term_id: UUID) -> list[dict[str, Any]]:
    """One salted line with its amount per receipt of a term, in the order of the hashes, which tells nothing."""
    rows = work.session.execute(
        select(Payment.receipt_salt, Payment.id, GatewayReceipt.amount_fen)
        .join(GatewayReceipt, GatewayReceipt.payment_id == Payment.id)
        .where(Payment.school_id == school_id, Payment.term_id == term_id)
    )
    lines = [{"line": rules.receipt_line(*row), "amount_fen": row.amount_fen} for row in rows]
    return sorted(lines, key=lambda line: str(line["line"]))

"""When a payment may start, whose word of money counts, and the receipt (F5)."""

import hmac
from collections.abc import Collection
from hashlib import sha256
from uuid import UUID

from services.finance.invoices.rules import COLLECTABLE
from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

PAYMENT = Machine(
    "缴费 payment",
    "INITIATED",
    {
        ("INITIATED", "confirm"): "CONFIRMED",
        ("CONFIRMED", "confirm"): "CONFIRMED",
        ("CONFIRMED", "reconcile"): "RECONCILED",
        ("RECONCILED", "confirm"): "RECONCILED",
        ("CONFIRMED", "reverse"): "REVERSED",
    },
)


ILLEGAL_FEE = "PB04"
"""The prohibition (违规收费、乱收费) that is at stake where a fee is paid that is not published."""


class BadSignature(Refused):
    """Not the gateway's word; nothing is said about why."""

    status = 401

    def __init__(self) -> None:
        super().__init__("bad_signature")


def callback_key(index_key: bytes, district_id: UUID) -> bytes:
    """The key that a district's payment gateway signs with: HMAC-SHA256(index key, label and district)."""
    return hmac.digest(index_key, b"payment-callback:" + district_id.bytes, "sha256")


def sign(key: bytes, body: bytes) -> str:
    """What stands in `X-Signature`: hex HMAC-SHA256 of the body's bytes."""
    return hmac.digest(key, body, "sha256").hex()


def need_signature(key: bytes, body: bytes, signature: str) -> None:
    """The bytes are as the gateway signed them."""
    if not hmac.compare_digest(sign(key, body).encode(), signature.encode()):
        raise BadSignature


def need_account(accounts: Collection[str]) -> str:
    """The one account that the fees of an invoice are approved for."""
    if len(accounts) != 1:
        raise Refused("no_single_account", gate="G-FEE", clauses=("EXT-2023-26",))
    return next(iter(accounts))


def need_collectable(state: str) -> None:
    """Something is owed on the invoice."""
    if state not in COLLECTABLE:
        raise Refused("nothing_to_pay", state=state)


def need_payee(policy: Policy, account: str, expected: str) -> None:
    """The money went to the school's special account."""
    if account != expected:
        clauses = (*policy.clauses("account"), *policy.clauses("fee.payee"))
        raise Refused("payee_not_allowed", gate="G-FEE", clauses=clauses, payee=account)


def need_same_word(known: tuple[UUID, int], told: tuple[UUID, int]) -> None:
    """A transaction that was told before is told as it was."""
    if known != told:
        raise Refused("callback_contradicts")


def taken(amount_fen: int, expected_fen: int, owed_fen: int, *, may_collect: bool) -> int:
    """How much of what came the invoice takes; the rest waits in suspense to go back."""
    return min(amount_fen, owed_fen) if may_collect and amount_fen == expected_fen else 0


def receipt_line(salt: str, payment_id: UUID, amount_fen: int) -> str:
    """The line of the public statement that this receipt finds; without the salt nobody can tell whose it is."""
    return sha256(f"{salt}:{payment_id}:{amount_fen}".encode()).hexdigest()

"""The life of an invoice, and the sums on it that have to agree (INV-FIN-02)."""

from dataclasses import dataclass, replace

from shared.money import prorate
from shared.states import Machine

INVOICE = Machine(
    "账单 invoice",
    "DRAFT",
    {
        ("DRAFT", "issue"): "ISSUED",
        ("ISSUED", "overdue"): "OVERDUE",
        ("PART_PAID", "overdue"): "OVERDUE",
        ("SETTLED", "credit"): "CREDITED",
        ("CREDITED", "credit"): "CREDITED",
    }
    | {(state, "void"): "VOID" for state in ("DRAFT", "ISSUED", "OVERDUE")}
    | {(state, "pay_part"): "PART_PAID" for state in ("ISSUED", "PART_PAID", "OVERDUE")}
    | {(state, "settle"): "SETTLED" for state in ("DRAFT", "ISSUED", "PART_PAID", "OVERDUE")},
)

COLLECTABLE = frozenset({"ISSUED", "PART_PAID", "OVERDUE"})


@dataclass(frozen=True, kw_only=True)
class Bill:
    """An invoice in figures, in fen: before waivers, waived, credited, and paid before refunds."""

    gross: int
    waived: int = 0
    credited: int = 0
    paid: int = 0

    @property
    def due(self) -> int:
        """What the family is to bear in the end."""
        return self.gross - self.waived - self.credited

    @property
    def outstanding(self) -> int:
        """What is still owed."""
        return max(0, self.due - self.paid)

    @property
    def overpaid(self) -> int:
        """What goes back."""
        return max(0, self.paid - self.due)

    def waive(self, percent: int) -> "Bill":
        """The bill under a waiver; a weaker one than before changes nothing, a credited part is not waived again."""
        waived = min(waived_of(self.gross, percent), self.gross - self.credited)
        return replace(self, waived=max(self.waived, waived))

    def credit(self, amount_fen: int) -> "Bill":
        """The bill with a part taken off, at most all that is due."""
        return replace(self, credited=self.credited + min(amount_fen, self.due))

    def pay(self, amount_fen: int) -> "Bill":
        """The bill with money taken, at most what is outstanding."""
        return replace(self, paid=self.paid + min(amount_fen, self.outstanding))


def waived_of(gross_fen: int, percent: int) -> int:
    """What a waiver takes off; the odd fen goes to the family."""
    return gross_fen - prorate(gross_fen, 100 - percent, 100)

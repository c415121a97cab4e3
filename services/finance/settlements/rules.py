"""How a settlement goes (F12), and what a delivered session is worth."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

SETTLEMENT = Machine(
    "机构结算 provider settlement",
    "OPEN",
    {
        ("OPEN", "calculate"): "CALCULATED",
        ("CALCULATED", "agree"): "AGREED",
        ("AGREED", "approve"): "APPROVED",
        ("APPROVED", "pay"): "CLOSED",
    },
)

CATEGORY, SOURCE = "PROVIDER_SETTLEMENT", "AGENCY_FEE"


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """A session that a provider held."""

    session_id: UUID
    content_type: str
    on: date


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """A contract's price of a session, for a content between two dates."""

    content_type: str
    price_fen: int
    starts_on: date
    ends_on: date


def prices(delivered: Collection[Delivered], agreed: Sequence[Agreed]) -> dict[UUID, int]:
    """Session to its price, for those that a contract covers; of several contracts the cheapest (INV-FIN-17)."""
    found = {
        one.session_id: [
            contract.price_fen
            for contract in agreed
            if contract.content_type == one.content_type and contract.starts_on <= one.on <= contract.ends_on
        ]
        for one in delivered
    }
    return {session_id: min(of_session) for session_id, of_session in found.items() if of_session}


def need_something(count: int, policy: Policy) -> None:
    """There is a delivered session that was not settled yet."""
    if not count:
        raise Refused("nothing_to_settle", gate="G-SPEND", clauses=policy.clauses("spend.allowed"))


def need_provider(represents: bool) -> None:
    """Whoever represents the provider agrees, nobody else."""
    if not represents:
        raise Refused("not_the_provider")

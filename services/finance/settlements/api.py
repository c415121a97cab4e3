"""HTTP door of settlements."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.finance.settlements import commands, queries
from services.finance.tables import ProviderSettlement
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("settlements", "机构结算 provider settlements")


class SettlementOut(ma.Schema):
    """What a provider gets for delivered sessions."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    provider_id = ma.fields.UUID()
    until = ma.fields.Date()
    session_count = ma.fields.Integer()
    amount_fen = ma.fields.Integer()
    state = ma.fields.String()
    calculated_by = ma.fields.String()
    approved_by = ma.fields.String(allow_none=True)


class NewSettlement(ma.Schema):
    """Which provider, for sessions of a school's term up to a day."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    provider_id = ma.fields.UUID(required=True)
    until = ma.fields.Date(required=True)


@door.post(
    "/provider-settlements",
    needs="settlement.calculate",
    takes=NewSettlement,
    gives=SettlementOut,
    status=201,
    once=True,
)
def calculate_settlement(work: Work, **wanted: Any) -> ProviderSettlement:
    """Price every delivered session that is not settled yet."""
    return commands.calculate(work, **wanted)


@door.list(
    "/provider-settlements",
    needs="settlement.read",
    gives=SettlementOut,
    of=ProviderSettlement,
    filters=("school_id", "term_id", "provider_id", "state"),
)
def list_settlements(work: Work) -> Select[Any]:
    """Settlements of the caller's schools, or of the provider that the caller represents."""
    return queries.list_settlements(work)


@door.post("/provider-settlements/<uuid:settlement_id>/agree", needs="settlement.agree", gives=SettlementOut, once=True)
def agree_to_settlement(work: Work, settlement_id: UUID) -> ProviderSettlement:
    """Find it right, as the provider."""
    return commands.agree(work, settlement_id)


@door.post(
    "/provider-settlements/<uuid:settlement_id>/approve", needs="settlement.approve", gives=SettlementOut, once=True
)
def approve_settlement(work: Work, settlement_id: UUID) -> ProviderSettlement:
    """Approve it; not by whoever calculated it."""
    return commands.approve(work, settlement_id)


@door.post("/provider-settlements/<uuid:settlement_id>/pay", needs="settlement.pay", gives=SettlementOut, once=True)
def pay_settlement(work: Work, settlement_id: UUID) -> ProviderSettlement:
    """Pay it."""
    return commands.pay(work, settlement_id)

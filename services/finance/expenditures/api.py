"""HTTP door of expenditures."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.finance.expenditures import commands
from services.finance.tables import Expenditure
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("expenditures", "支出 expenditures")


class ExpenditureOut(ma.Schema):
    """Money to be spent, or spent."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    category = ma.fields.String()
    source = ma.fields.String()
    amount_fen = ma.fields.Integer()
    evidence_ref = ma.fields.String()
    payee = ma.fields.String()
    state = ma.fields.String()
    proposed_by = ma.fields.String()
    approved_by = ma.fields.String(allow_none=True)


class NewExpenditure(ma.Schema):
    """On what, from which money, how much, and the evidence; `payee` is a firm or an office, no private person."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    category = ma.fields.String(required=True)
    source = ma.fields.String(required=True)
    amount_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=1))
    evidence_ref = ma.fields.String(load_default="")
    payee = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


@door.post(
    "/expenditures", needs="expenditure.propose", takes=NewExpenditure, gives=ExpenditureOut, status=201, once=True
)
def propose_expenditure(work: Work, **proposed: Any) -> Expenditure:
    """Propose to spend."""
    return commands.propose(work, **proposed)


@door.list(
    "/expenditures",
    needs="expenditure.read",
    gives=ExpenditureOut,
    of=Expenditure,
    filters=("school_id", "term_id", "category", "source", "state"),
)
def list_expenditures(work: Work) -> Select[Any]:
    """Expenditures of the caller's schools."""
    return select(Expenditure)


@door.post("/expenditures/<uuid:expenditure_id>/approve", needs="expenditure.approve", gives=ExpenditureOut, once=True)
def approve_expenditure(work: Work, expenditure_id: UUID) -> Expenditure:
    """Approve it; not by whoever proposed it."""
    return commands.approve(work, expenditure_id)


@door.post("/expenditures/<uuid:expenditure_id>/refuse", needs="expenditure.refuse", gives=ExpenditureOut, once=True)
def refuse_expenditure(work: Work, expenditure_id: UUID) -> Expenditure:
    """Do not spend."""
    return commands.refuse(work, expenditure_id)


@door.post("/expenditures/<uuid:expenditure_id>/pay", needs="expenditure.pay", gives=ExpenditureOut, once=True)
def pay_expenditure(work: Work, expenditure_id: UUID) -> Expenditure:
    """Spend it."""
    return commands.pay(work, expenditure_id)

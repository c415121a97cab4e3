"""A school's money as tests need it: items and families that enrollment would have named, and a fee in force."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx

from services.finance.payments.rules import callback_key, sign
from shared.contracts.enrollment import (
    GuardianLinkVerified,
    ItemApproved,
    ParticipationConfirmed,
    ParticipationWithdrawn,
    Place,
    PupilRegistered,
    Slot,
)
from shared.ids import new_id
from tests.world import KEYRING, World

AUTHORITIES = ("price_and_education_proposal", "government_approval")
ACCOUNT = "410600-0001"


@dataclass
class Child:
    """A registered pupil with a verified guardian."""

    pupil: UUID = field(default_factory=new_id)
    guardian: UUID = field(default_factory=new_id)
    participation: UUID = field(default_factory=new_id)


def item(
    world: World,
    school: UUID,
    *,
    fee_bearing: bool = True,
    provider: UUID | None = None,
    item_id: UUID | None = None,
) -> UUID:
    """An item that enrollment approved, held on every weekday."""
    item_id = item_id or new_id()
    world.hear(
        ItemApproved(
            district_id=world.district,
            school_id=school,
            item_id=item_id,
            plan_id=new_id(),
            term_id=world.term,
            content_type="SPORT",
            stage="primary",
            grades=(1, 2, 3),
            segment="service",
            slot=Slot(weekdays=(1, 2, 3, 4, 5), starts=world.at(16).time(), ends=world.at(17).time()),
            capacity=40,
            fee_bearing=fee_bearing,
            provider_id=provider,
        )
    )
    return item_id


def child(world: World, school: UUID) -> Child:
    """A pupil of grade 3 and a guardian."""
    one = Child()
    where = {"district_id": world.district, "school_id": school, "pupil_id": one.pupil}
    world.hear(
        PupilRegistered(**where, class_id=new_id(), grade=3, stage="primary"),
        GuardianLinkVerified(**where, link_id=new_id(), guardian_id=one.guardian),
    )
    return one


def confirmed(
    world: World, school: UUID, one: Child, items: Sequence[UUID], *, starts_on: date | None = None, days: int = 5
) -> ParticipationConfirmed:
    """The event that asks for a fee; `days` counts calendar days from the term's first."""
    return ParticipationConfirmed(
        district_id=world.district,
        school_id=school,
        participation_id=one.participation,
        term_id=world.term,
        pupil_id=one.pupil,
        guardian_id=one.guardian,
        grade=3,
        stage="primary",
        places=tuple(Place(item_id=item_id, segment="service", fee_bearing=True) for item_id in items),
        starts_on=starts_on or world.first_day,
        ends_on=world.first_day + timedelta(days=days - 1),
    )


def withdrawn(world: World, school: UUID, one: Child, *, after_days: int) -> ParticipationWithdrawn:
    """The event that ends a participation after some service days."""
    return ParticipationWithdrawn(
        district_id=world.district,
        school_id=school,
        participation_id=one.participation,
        term_id=world.term,
        pupil_id=one.pupil,
        effective_on=world.first_day + timedelta(days=after_days),
    )


def wanted(world: World, school: UUID, items: Sequence[UUID], **changes: Any) -> dict[str, Any]:
    """The body of a fee of 300 yuan a term that recovers its costs."""
    costs = [{"category": "STAFF_LABOUR_PAY", "amount_fen": 3_000_000}]
    return {
        "school_id": school,
        "term_id": world.term,
        "item_ids": list(items),
        "kind": "SERVICE_FEE",
        "unit": "per_term",
        "amount_fen": 30_000,
        "costs": {"expected_pupils": 100, "items": costs},
        "complaint_phone": "0392-12345",
        "payee_account": ACCOUNT,
        "effective_from": world.first_day,
    } | changes


def standard(world: World, school: UUID, items: Sequence[UUID], **changes: Any) -> Any:
    """A fee in effect, not posted yet."""
    accountant = world.as_("accountant", school=school)
    drafted = accountant.post("/finance/v1/fee-standards", wanted(world, school, items, **changes))
    accountant.post(f"/finance/v1/fee-standards/{drafted['id']}/submit")
    for number, authority in enumerate(AUTHORITIES, start=1):
        world.as_("district_admin").post(
            f"/finance/v1/fee-standards/{drafted['id']}/approve",
            {"authority": authority, "document_no": f"鹤发改〔2026〕{number}号"},
        )
    return accountant.get(f"/finance/v1/fee-standards/{drafted['id']}")


def posted(world: World, school: UUID, fee: Any) -> Any:
    """A posted fee that nobody has verified yet."""
    return world.as_("academic_affairs", school=school).post(
        "/finance/v1/fee-publications",
        {"standard_id": fee["id"], "photo_ref": "photo-1", "place": "校门公示栏", "contents": fee["posting"]},
    )


def published(world: World, school: UUID, fee: Any) -> Any:
    """A fee that somebody else saw posted."""
    publication = posted(world, school, fee)
    return world.as_("leadership_member", school=school).post(
        f"/finance/v1/fee-publications/{publication['id']}/verify", {"contents": fee["posting"]}
    )


def fee_in_force(world: World, school: UUID, **changes: Any) -> UUID:
    """An item whose fee is approved, posted and verified."""
    item_id = item(world, school)
    published(world, school, standard(world, school, [item_id], **changes))
    return item_id


def take_down(world: World, school: UUID) -> None:
    """The school's one fee is posted no more."""
    inspector = world.as_("inspector")
    (publication,) = inspector.get("/finance/v1/fee-publications", school_id=school)["items"]
    inspector.post(f"/finance/v1/fee-publications/{publication['id']}/invalidate", {"cause": "TAKEN_DOWN"})


def invoice_of(world: World, one: Child) -> Any:
    """The invoice of a child, as the accountant sees it."""
    found = world.as_("accountant").get("/finance/v1/invoices", participation_id=one.participation)["items"]
    return found[0]


def start(world: World, school: UUID, one: Child) -> Any:
    """A started payment of a child's invoice."""
    guardian = world.as_("guardian", school=school, person=one.guardian)
    return guardian.post("/finance/v1/payments", {"invoice_id": invoice_of(world, one)["id"]})


def word(world: World, payment: Any, **changes: Any) -> bytes:
    """What the gateway says when the money came."""
    said = {
        "district_id": str(world.district),
        "payment_id": payment["id"],
        "transaction_id": f"wx-{payment['id']}",
        "amount_fen": payment["amount_fen"],
        "payee_account": payment["payee_account"],
    }
    return json.dumps(said | changes).encode()


def call_back(world: World, body: bytes, *, signature: str | None = None) -> httpx.Response:
    """The gateway's call, signed with the district's key unless a signature is given."""
    key = callback_key(KEYRING.index_key, world.district)
    signed = sign(key, body) if signature is None else signature
    return world.http.post("/finance/v1/payment-callbacks", content=body, headers={"X-Signature": signed})


def paid(world: World, school: UUID, one: Child) -> Any:
    """A child whose fee is paid."""
    payment = start(world, school, one)
    assert call_back(world, word(world, payment)).status_code == 200
    return payment


def balances(world: World, school: UUID) -> dict[str, int]:
    """Debits less credits of each account that is not empty."""
    books = world.as_("accountant").get("/finance/v1/ledger/balances", school_id=school, term_id=world.term)["items"]
    return {account["account"]: account["balance_fen"] for account in books if account["balance_fen"]}


def refund_of(world: World, one: Child) -> Any:
    """The refund decisions about a child."""
    return world.as_("accountant").get("/finance/v1/refunds", participation_id=one.participation)["items"]

"""Providers are paid for what they delivered under a contract, and for nothing after it ended (INV-FIN-17)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import SessionClosed
from shared.contracts.vetting import ProviderContractActivated, ProviderContractTerminated
from shared.ids import new_id
from tests.builders import fees
from tests.world import World

SERVICES = ("finance",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    return world


def contracted(world: World, provider: UUID) -> UUID:
    contract = new_id()
    world.hear(
        ProviderContractActivated(
            district_id=world.district,
            school_id=world.schools[0],
            contract_id=contract,
            provider_id=provider,
            represented_by=new_id(),
            content_type="SPORT",
            price_fen=12_000,
            starts_on=world.first_day,
            ends_on=world.first_day + timedelta(days=100),
        )
    )
    return contract


def held(world: World, item: UUID, day: int) -> None:
    world.hear(
        SessionClosed(
            district_id=world.district,
            school_id=world.schools[0],
            session_id=new_id(),
            group_id=new_id(),
            item_id=item,
            term_id=world.term,
            on=world.at(16, day=day).date(),
            opened_at=world.at(16, day=day),
            closed_at=world.at(17, day=day),
            expected_count=20,
            present_count=20,
            learning_minutes=0,
            revision=1,
        )
    )


def calculated(world: World, provider: UUID) -> Any:
    body = {"school_id": world.schools[0], "term_id": world.term, "provider_id": provider}
    until = {"until": world.first_day + timedelta(days=4)}
    return world.as_("accountant", school=world.schools[0]).post("/finance/v1/provider-settlements", body | until)


def test_every_delivered_session_is_settled_at_the_contracts_price(district: World) -> None:
    provider = new_id()
    item = fees.item(district, district.schools[0], provider=provider)
    contracted(district, provider)
    for day in range(3):
        held(district, item, day)
    settlement = calculated(district, provider)
    assert (settlement["session_count"], settlement["amount_fen"]) == (3, 36_000)


def test_what_is_held_after_a_contract_ended_is_not_settled(district: World) -> None:
    provider = new_id()
    item = fees.item(district, district.schools[0], provider=provider)
    contract = contracted(district, provider)
    for day in range(3):
        held(district, item, day)
    district.hear(
        ProviderContractTerminated(
            district_id=district.district,
            school_id=district.schools[0],
            contract_id=contract,
            provider_id=provider,
            ended_on=district.first_day,
        )
    )
    settlement = calculated(district, provider)
    assert (settlement["session_count"], settlement["amount_fen"]) == (1, 12_000)

"""An item is offered no more, by hand or because its provider leaves: what becomes of families and groups (S4)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.enrollment import (
    GroupClosed,
    ItemDelisted,
    ItemSuspended,
    ParticipationConfirmed,
    ParticipationWithdrawn,
    ProviderItemsDelisted,
    RollChanged,
)
from shared.contracts.vetting import (
    ProviderContractActivated,
    ProviderContractTerminated,
    ProviderExiting,
    ProviderOffer,
    ProviderWhitelisted,
)
from shared.ids import new_id
from tests.builders.enrollment import (
    E,
    School,
    approved,
    before_term,
    class_teacher,
    confirmed_group,
    draft,
    draft_item,
    file,
    links,
    listed,
    of_type,
    opened,
    settle,
    signed,
    state_of,
    survey,
    today,
    told,
)
from tests.world import World

SERVICES = ("enrollment",)


@pytest.fixture
def school(world: World) -> School:
    return before_term(world)


def whitelisted(school: School) -> UUID:
    """A science museum on the whitelist, under contract with the school."""
    world, provider = school.world, new_id()
    kind, until = "SCIENCE_MUSEUM", world.first_day + timedelta(days=300)
    offers = (ProviderOffer(content_type="SCIENCE", price_fen=100),)
    world.hear(
        ProviderWhitelisted(
            district_id=world.district, provider_id=provider, kind=kind, valid_until=until, offers=offers
        ),
        ProviderContractActivated(
            district_id=world.district,
            school_id=school.id,
            contract_id=new_id(),
            provider_id=provider,
            represented_by=new_id(),
            content_type="SCIENCE",
            price_fen=100,
            starts_on=world.first_day,
            ends_on=until,
        ),
    )
    return provider


def leaves(school: School, provider: UUID, effective_on: date) -> None:
    school.world.hear(
        ProviderExiting(
            district_id=school.world.district,
            provider_id=provider,
            kind="SCIENCE_MUSEUM",
            reason_code="LOW_QUALITY",
            effective_on=effective_on,
        )
    )


def taking_part(school: School) -> tuple[Any, str, str]:
    """A family's link, its active participation, and the group that it is in."""
    link = links(school)[0]
    application = approved(school, link)
    signed(school, link, application)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    settle(school, application["id"])
    return link, application["id"], confirmed_group(school, [application["id"]])["id"]


def test_a_delisted_item_takes_its_groups_and_whoever_took_part_in_nothing_else_with_it(school: School) -> None:
    opened(school)
    link, participation, group = taking_part(school)
    before = len(school.world.said("enrollment"))
    item = school.office().post(f"{E}/items/{school.item['id']}/delist")
    assert (item["state"], state_of(school, participation)) == ("DELISTED", "WITHDRAWN")
    said = school.world.said("enrollment")[before:]
    assert [type(event) for event in said] == [ParticipationWithdrawn, RollChanged, GroupClosed, ItemDelisted]
    assert [str(pupil) for pupil in of_type(school.world, RollChanged)[-1].removed] == [link["pupil_id"]]
    assert [one["state"] for one in school.office().get(f"{E}/groups")["items"]] == ["CLOSED"]
    assert str(of_type(school.world, GroupClosed)[0].group_id) == group
    sql = "SELECT person_id, template FROM notifications WHERE district_id = :d"
    assert school.world.read("enrollment", sql, d=school.world.district) == [
        (UUID(link["guardian_id"]), "item_delisted")
    ]
    problem = school.office().refused(f"{E}/items/{school.item['id']}/delist")
    assert problem["code"] == "illegal_transition"


def test_a_family_whose_item_is_gone_waits_for_another_and_takes_what_it_is_offered(school: School) -> None:
    care = opened_with_care_and_science(school)
    link, participation, _ = taking_part(school)
    school.office().post(f"{E}/items/{school.item['id']}/delist")
    waiting, before = sorted(school.office().all(f"{E}/applications"), key=lambda one: str(one["state"]), reverse=True)
    assert (before["id"], before["state"], waiting["state"]) == (participation, "ENDED", "WAITLISTED")
    path = f"{E}/applications/{waiting['id']}"
    assert school.office().refused(f"{path}/place")["code"] == "item_not_listed"
    school.office().post(f"{path}/offer-reallocation", {"item_ids": [care["id"]]})
    assert school.parent(link).post(f"{path}/accept")["state"] == "APPROVED"
    (again,) = school.office().post(f"{E}/participations", {"application_ids": [waiting["id"]]})["items"]
    assert (again["id"], again["pupil_id"], again["state"]) == (waiting["id"], link["pupil_id"], "PENDING")
    confirmed = of_type(school.world, ParticipationConfirmed)[-1]
    assert [str(place.item_id) for place in confirmed.places] == [care["id"]]


def test_a_family_that_was_leaving_anyway_waits_for_nothing(school: School) -> None:
    opened(school)
    link, participation, _ = taking_part(school)
    school.parent(link).post(
        f"{E}/participations/{participation}/withdraw", {"effective_on": today(school) + timedelta(days=3)}
    )
    school.office().post(f"{E}/items/{school.item['id']}/delist")
    assert state_of(school, participation) == "WITHDRAWN"
    assert [one["state"] for one in school.office().all(f"{E}/applications")] == ["ENDED"]


def test_a_family_that_left_may_apply_again(school: School) -> None:
    opened(school)
    link, participation, _ = taking_part(school)
    school.parent(link).post(f"{E}/participations/{participation}/withdraw", {"effective_on": today(school)})
    assert state_of(school, participation) == "WITHDRAWN"
    assert approved(school, link)["state"] == "APPROVED"


def test_who_takes_part_in_something_else_stays_and_is_off_the_roll_alone(school: School) -> None:
    care = opened_with_care_and_science(school)
    link = links(school)[0]
    wish = {"window_id": school.window["id"], "pupil_id": link["pupil_id"]}
    application = school.parent(link).post(f"{E}/applications", wish | {"item_ids": [care["id"], school.item["id"]]})
    ids = {"application_ids": [application["id"]]}
    class_teacher(school, link).post(f"{E}/applications/class-review", ids)
    school.principal().post(f"{E}/applications/school-review", ids | {"decision": "approve"})
    signed(school, link, application)
    school.office().post(f"{E}/participations", ids)
    settle(school, application["id"])
    confirmed_group(school, [application["id"]])
    school.office().post(f"{E}/items/{school.item['id']}/delist")
    assert state_of(school, application["id"]) == "ACTIVE"
    assert of_type(school.world, ParticipationWithdrawn) == []
    assert [str(pupil) for pupil in of_type(school.world, RollChanged)[-1].removed] == [link["pupil_id"]]
    school.office().post(f"{E}/items/{care['id']}/delist")
    assert state_of(school, application["id"]) == "WITHDRAWN"


def opened_with_care_and_science(school: School) -> Any:
    """A window for two items; the school's is science, the other is returned."""
    survey(school)
    draft(school, weekdays=[1, 2])
    care = school.item
    school.principal().post(f"{E}/items/{care['id']}/approve")
    draft_item(school, title="科技", content_type="SCIENCE", weekdays=[3])
    file(school)
    science = school.item
    for school.item in (care, science):
        listed(school)
    told(school)
    school.window = school.office().post(f"{E}/windows", {"plan_id": school.plan["id"]})
    school.office().post(f"{E}/windows/{school.window['id']}/open")
    return care


def test_nobody_is_given_a_place_in_what_is_offered_no_more(school: School) -> None:
    opened(school)
    application = approved(school, links(school)[0])
    school.office().post(f"{E}/items/{school.item['id']}/delist")
    problem = school.office().refused(f"{E}/participations", {"application_ids": [application["id"]]})
    assert problem["code"] == "participation_not_confirmable"


def test_a_leaving_providers_items_take_nobody_more_and_end_on_its_last_day(school: School) -> None:
    provider = whitelisted(school)
    opened(school, content_type="SCIENCE", provider_id=provider)
    _, participation, _ = taking_part(school)
    last = school.world.first_day + timedelta(days=3)
    leaves(school, provider, last)
    (suspended,) = of_type(school.world, ItemSuspended)
    assert suspended.cause == "PROVIDER_EXIT"
    assert school.office().refused(f"{E}/items/{school.item['id']}/resume")["code"] == "provider_not_whitelisted"
    assert (state_of(school, participation), of_type(school.world, ProviderItemsDelisted)) == ("ACTIVE", [])
    school.world.set_time(school.world.at(0, 1, day=3))
    run_timers(school.world)
    assert state_of(school, participation) == "WITHDRAWN"
    assert of_type(school.world, ParticipationWithdrawn)[0].effective_on == last
    (done,) = of_type(school.world, ProviderItemsDelisted)
    assert (done.provider_id, done.item_ids) == (provider, (UUID(school.item["id"]),))
    assert [type(event) for event in school.world.said("enrollment")][-2:] == [ItemDelisted, ProviderItemsDelisted]


def run_timers(world: World) -> None:
    """What is due, and what that makes due."""
    while world.run_timers("enrollment"):
        pass


def test_what_one_school_delists_says_nothing_of_another(school: School) -> None:
    provider = whitelisted(school)
    opened(school, content_type="SCIENCE", provider_id=provider)
    school.world.change(
        "enrollment",
        "INSERT INTO items SELECT (jsonb_populate_record(i, jsonb_build_object("
        "'id', gen_random_uuid(), 'school_id', gen_random_uuid()))).* FROM items i WHERE id = :item",
        item=UUID(school.item["id"]),
    )
    leaves(school, provider, school.world.first_day)
    school.office().post(f"{E}/items/{school.item['id']}/delist")
    run_timers(school.world)
    assert of_type(school.world, ProviderItemsDelisted) == []
    school.world.set_time(school.world.at(1))
    run_timers(school.world)
    (done,) = of_type(school.world, ProviderItemsDelisted)
    assert len(done.item_ids) == 2


def test_of_a_provider_that_offers_nothing_it_is_said_at_once(school: School) -> None:
    provider = whitelisted(school)
    leaves(school, provider, school.world.first_day)
    (done,) = of_type(school.world, ProviderItemsDelisted)
    assert (done.provider_id, done.item_ids) == (provider, ())


def test_what_was_delisted_by_hand_is_not_ended_twice(school: School) -> None:
    provider = whitelisted(school)
    opened(school, content_type="SCIENCE", provider_id=provider)
    leaves(school, provider, school.world.first_day)
    school.office().post(f"{E}/items/{school.item['id']}/delist")
    school.world.set_time(school.world.at(1))
    run_timers(school.world)
    assert len(of_type(school.world, ItemDelisted)) == len(of_type(school.world, ProviderItemsDelisted)) == 1


def test_under_a_contract_that_ended_early_no_item_is_listed(school: School) -> None:
    provider = whitelisted(school)
    opened(school, content_type="SCIENCE", provider_id=provider)
    (contract,) = school.world.read(
        "enrollment", "SELECT id FROM provider_contracts WHERE provider_id = :p", p=provider
    )
    school.world.hear(
        ProviderContractTerminated(
            district_id=school.world.district,
            school_id=school.id,
            contract_id=contract[0],
            provider_id=provider,
            ended_on=school.world.first_day,
        )
    )
    path = f"{E}/items/{school.item['id']}"
    school.office().post(f"{path}/suspend", {"cause": "检修"})
    assert school.office().refused(f"{path}/resume")["code"] == "provider_not_contracted"

"""What becomes of a block elsewhere: who has enforced it, by when the others must; reading what was just decided."""

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.vetting.clearances.queries import LISTENERS
from shared.messaging import positions, receipts
from shared.peers import PeerAway
from shared.runtime import SERVICES as ALL
from shared.runtime import load_service
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.world import World

SERVICES = ("vetting", "attendance", "enrollment", "finance")
POSITION, MIN_POSITION = positions.REPLY, positions.REQUEST


@pytest.fixture
def district(world: World) -> World:
    return rosters.open_term(world)


def block(world: World, person: UUID) -> str:
    """Block a person; the position that the decision's reply names."""
    record = staff.allegation(world, person)
    reply = world.as_("vetting_officer").request(
        "POST",
        f"{V}/conduct-records/{record}/substantiate",
        body={"sanction": "DEMERIT", "evidence_ref": "doc"},
    )
    return str(reply.headers[POSITION])


def enforcement(world: World, person: UUID, *, expect: int = 200) -> Any:
    return world.as_("vetting_officer").get(f"{V}/people/{person}/enforcement", expect=expect)


def pull(world: World) -> None:
    """What vetting's consumer does every few seconds."""
    node = world.suite.nodes["vetting"]
    assert node.service.receipts is not None
    receipts.pull(node.database, world.suite.peers, node.service.receipts)


def test_every_service_that_hears_vetting_is_asked_for_receipts() -> None:
    assert set(LISTENERS) == {name for name in ALL if "vetting" in load_service(name).listens_to}


def test_a_block_shows_who_has_enforced_it_and_when_and_by_when_the_others_must(district: World) -> None:
    (person,) = rosters.add_people(district, 1, district.schools[0])
    enforcement(district, person, expect=404)
    block(district, person)
    pull(district)
    waiting = enforcement(district, person)
    assert waiting["listeners"] == [{"service": name, "enforced_at": None} for name in LISTENERS]
    decided, guaranteed = (datetime.fromisoformat(waiting[name]) for name in ("decided_at", "guaranteed_by"))
    lease = timedelta(seconds=district.suite.settings.lease_seconds)
    assert lease <= guaranteed - decided < lease + timedelta(seconds=30)
    district.deliver_all()
    pull(district)
    seen = enforcement(district, person)
    assert (seen["state"], seen["clearance_epoch"]) == ("BLOCKED", 2)
    times = {one["service"]: one["enforced_at"] for one in seen["listeners"]}
    assert set(times) == set(LISTENERS)
    for at in times.values():
        assert decided < datetime.fromisoformat(at) <= datetime.fromisoformat(seen["guaranteed_by"])
    pull(district)
    assert enforcement(district, person)["listeners"] == seen["listeners"]


def test_a_listener_that_is_away_is_asked_again_and_the_others_are_not_held_up(district: World) -> None:
    (person,) = rosters.add_people(district, 1, district.schools[0])
    block(district, person)
    district.deliver_all()
    node, peers = district.suite.nodes["vetting"], district.suite.peers

    class Away:
        def get(self, service: str, path: str, params: Any) -> Any:
            if service == "enrollment":
                raise PeerAway("gone")
            return peers.get(service, path, params)

    assert node.service.receipts is not None
    receipts.pull(node.database, Away(), node.service.receipts)
    times = {one["service"]: one["enforced_at"] for one in enforcement(district, person)["listeners"]}
    assert [name for name, at in times.items() if at is None] == ["enrollment"]


def test_the_officers_next_read_elsewhere_shows_the_decision_or_is_told_to_ask_again(district: World) -> None:
    school = district.schools[0]
    (person,) = rosters.add_people(district, 1, school)
    (session,) = staff.sessions(district, school, days=1)
    rosters.assign(district, school, person, [session])
    position = block(district, person)
    duty = district.as_("duty_staff", school=school)

    def read() -> Any:
        return duty.request("GET", "/attendance/v1/sessions", headers={MIN_POSITION: position})

    too_early = read()
    assert (too_early.status_code, too_early.headers["Retry-After"]) == (503, "1")
    assert (too_early.json()["code"], duty.get("/attendance/v1/sessions")["items"]) == ("not_heard_yet", [])
    delivery = threading.Timer(0.3, district.deliver_all)
    delivery.start()
    assert 200 in (read().status_code for _ in range(10))
    delivery.join()
    (word,) = district.read("attendance", "SELECT state FROM clearances WHERE id = :id", id=person)
    assert word == ("BLOCKED",)


@pytest.mark.parametrize("text", ["", "vetting", "vetting 0:1", f"vetting {UUID(int=1)}", f"vetting {UUID(int=1)} 0:x"])
def test_a_position_that_is_none_is_a_malformed_request(district: World, text: str) -> None:
    reply = district.as_("vetting_officer").request("GET", f"{V}/people", headers={MIN_POSITION: text})
    assert (reply.status_code, reply.json()["errors"]) == (422, {MIN_POSITION: "not_a_position"})


def test_a_service_has_always_heard_itself_and_a_reading_names_no_position(district: World) -> None:
    (person,) = rosters.add_people(district, 1, district.schools[0])
    position = block(district, person)
    reply = district.as_("vetting_officer").request("GET", f"{V}/people/{person}", headers={MIN_POSITION: position})
    assert (reply.status_code, POSITION in reply.headers) == (200, False)

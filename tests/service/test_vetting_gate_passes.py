"""A pass holds around confirmed assignments, and a gate without a network can check it for a moment."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from shared.contracts.attendance import SessionCancelled
from shared.contracts.vetting import GatePassesRevoked, GatePassIssued
from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.properties.rosters import broken
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    return rosters.open_term(world)


def guest(world: World, *hours: int) -> tuple[UUID, list[str]]:
    """Somebody from outside who assists at these hours of the first day; the person and the assignments."""
    school = world.schools[0]
    person = rosters.outsider(world, school)
    sessions = [staff.sessions(world, school, days=1, hour=hour)[0] for hour in hours]
    return person, rosters.assign(world, school, person, sessions, role="ASSIST")


def standing(world: World, person: UUID) -> list[tuple[datetime, datetime]]:
    """The windows of the passes that hold, on the wall in China."""
    found = world.as_("academic_affairs").all(f"{V}/gate-passes", person_id=person, state="ISSUED")
    return [(datetime.fromisoformat(one["valid_from"]), datetime.fromisoformat(one["valid_to"])) for one in found]


def remove(world: World, assignment: str) -> None:
    world.as_("academic_affairs", school=world.schools[0]).post(f"{V}/assignments/{assignment}/remove")


def test_a_day_with_a_long_pause_needs_two_passes_and_asking_again_makes_no_third(district: World) -> None:
    person, _ = guest(district, 8, 10, 16)
    first = rosters.passes(district, district.schools[0], person)
    assert standing(district, person) == [
        (district.at(7, 30), district.at(12)),
        (district.at(15, 30), district.at(18)),
    ]
    assert rosters.passes(district, district.schools[0], person) == first


def test_losing_the_last_assignment_of_its_window_revokes_a_pass_in_the_same_transaction(district: World) -> None:
    person, (assignment,) = guest(district, 16)
    (issued,) = rosters.passes(district, district.schools[0], person)
    remove(district, assignment)
    assert standing(district, person) == []
    said = district.said("vetting")[-1]
    assert isinstance(said, GatePassesRevoked)
    assert (said.pass_ids, said.cause) == ((UUID(issued["id"]),), "CANCELLED")


def test_losing_one_of_several_gives_a_narrower_pass_for_what_is_left(district: World) -> None:
    person, assignments = guest(district, 14, 16, 18)
    rosters.passes(district, district.schools[0], person)
    assert standing(district, person) == [(district.at(13, 30), district.at(20))]
    remove(district, assignments[2])
    assert standing(district, person) == [(district.at(13, 30), district.at(18))]
    remove(district, assignments[0])
    assert standing(district, person) == [(district.at(15, 30), district.at(18))]
    kinds = [type(event) for event in district.said("vetting") if isinstance(event, GatePassesRevoked | GatePassIssued)]
    assert kinds == [GatePassIssued, *(GatePassesRevoked, GatePassIssued) * 2]
    assert broken(district) == {}


def test_a_pass_stays_as_it_is_when_a_session_of_another_day_is_lost(district: World) -> None:
    person, _ = guest(district, 16)
    school = district.schools[0]
    (later,) = rosters.assign(
        district, school, person, staff.sessions(district, school, days=2, hour=18)[1:], role="ASSIST"
    )
    first = rosters.passes(district, school, person)
    remove(district, later)
    assert rosters.passes(district, school, person) == first


def test_a_cancelled_session_and_a_handed_over_one_take_their_pass_with_them(district: World) -> None:
    school = district.schools[0]
    person, (handed_over, _) = guest(district, 10, 16)
    rosters.passes(district, school, person)
    other = rosters.outsider(district, school)
    office = district.as_("academic_affairs", school=school)
    office.post(f"{V}/assignments/{handed_over}/hand-over", {"person_id": other})
    assert standing(district, person) == [(district.at(15, 30), district.at(18))]
    (left,) = rosters.roster(district, person_id=person, state="CONFIRMED")
    district.hear(
        SessionCancelled(
            district_id=district.district,
            school_id=school,
            session_id=UUID(left["session_id"]),
            group_id=new_id(),
            item_id=new_id(),
            term_id=district.term,
            on=district.first_day,
            cause="WEATHER",
        )
    )
    assert standing(district, person) == []


def test_a_pass_is_taken_back_by_hand_and_may_be_given_again(district: World) -> None:
    person, _ = guest(district, 16)
    school = district.schools[0]
    (issued,) = rosters.passes(district, school, person)
    path = f"{V}/gate-passes/{issued['id']}/revoke"
    district.as_("academic_affairs", school=district.schools[1]).post(path, expect=404)
    office = district.as_("academic_affairs", school=school)
    assert office.post(path)["state"] == "REVOKED"
    assert office.refused(path)["code"] == "illegal_transition"
    assert len(rosters.passes(district, school, person)) == 1


# Offline


def bearer(world: World, person: UUID) -> Any:
    return world.as_("external_instructor", school=world.schools[0], person=person)


def checked_offline(world: World, token: str) -> dict[str, Any]:
    """What a gate makes of a token with nothing but the published key."""
    keys = world.http.get("/vetting/v1/.well-known/jwks.json").json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["ES256"], audience="gate", issuer="/vetting")
    return claims


def test_a_shown_pass_is_checked_with_the_public_key_alone_and_lives_no_longer_than_the_lease(district: World) -> None:
    person, _ = guest(district, 16)
    (issued,) = rosters.passes(district, district.schools[0], person)
    district.set_time(district.at(15, 45))
    shown = bearer(district, person).get(f"{V}/gate-passes/{issued['id']}/token")
    claims = checked_offline(district, shown["token"])
    assert (claims["jti"], claims["sub"], claims["school"]) == (issued["id"], str(person), str(district.schools[0]))
    assert set(claims) == {"jti", "sub", "school", "aud", "iss", "iat", "exp"}
    lease = timedelta(seconds=district.suite.settings.lease_seconds)
    assert 0 < claims["exp"] - claims["iat"] <= lease.total_seconds()
    assert datetime.fromisoformat(shown["expires_at"]).timestamp() == claims["exp"]


def test_a_shown_pass_ends_with_its_window_when_that_is_sooner(district: World) -> None:
    person, _ = guest(district, 16)
    (issued,) = rosters.passes(district, district.schools[0], person)
    district.set_time(district.at(18) - timedelta(seconds=20))
    claims = checked_offline(district, bearer(district, person).get(f"{V}/gate-passes/{issued['id']}/token")["token"])
    assert claims["exp"] - claims["iat"] <= 20


def test_a_pass_is_shown_within_its_hours_and_never_after_a_block(district: World) -> None:
    person, _ = guest(district, 16)
    (issued,) = rosters.passes(district, district.schools[0], person)
    path = f"{V}/gate-passes/{issued['id']}/token"
    assert bearer(district, person).get(path, expect=409)["code"] == "gate_pass_not_now"
    district.set_time(district.at(16))
    bearer(district, person).get(path)
    staff.substantiate(district, staff.allegation(district, person))
    assert bearer(district, person).get(path, expect=409)["code"] == "gate_pass_revoked"


def test_nobody_shows_the_pass_of_somebody_else(district: World) -> None:
    person, _ = guest(district, 16)
    (issued,) = rosters.passes(district, district.schools[0], person)
    district.set_time(district.at(16))
    other = bearer(district, rosters.outsider(district, district.schools[0]))
    other.get(f"{V}/gate-passes/{issued['id']}/token", expect=404)
    assert other.all(f"{V}/gate-passes") == []


def test_the_qr_code_is_a_picture_of_such_a_token(district: World) -> None:
    person, _ = guest(district, 16)
    (issued,) = rosters.passes(district, district.schools[0], person)
    district.set_time(district.at(16))
    reply = bearer(district, person).request("GET", f"{V}/gate-passes/{issued['id']}/qr-code")
    assert reply.headers["Content-Type"].startswith("image/svg+xml")
    assert reply.text.startswith("<svg")
    assert str(person) not in reply.text
    assert reply.headers["Cache-Control"] == "no-store"


def test_a_pass_is_over_after_its_last_instant(district: World) -> None:
    person, _ = guest(district, 10)
    (held,) = rosters.passes(district, district.schools[0], person)
    office = district.as_("academic_affairs")
    for hour, minute, state in ((11, 59, "ISSUED"), (12, 0, "EXPIRED")):
        district.set_time(district.at(hour, minute))
        staff.let_time_act(district)
        assert office.all(f"{V}/gate-passes", person_id=person)[0]["state"] == state
    assert office.refused(f"{V}/gate-passes/{held['id']}/revoke")["code"] == "illegal_transition"

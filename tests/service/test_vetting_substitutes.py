"""Who is asked to stand in, in which order, and what is left when nobody comes (S3)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import SessionCancelled
from shared.contracts.vetting import SubstituteEscalated, SubstituteFilled, SubstitutesRequested, SubstituteUnfilled
from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.properties.rosters import broken
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    return rosters.open_term(world)


def vacancy(world: World, school: UUID, *, day: int = 2) -> tuple[UUID, str]:
    """A session at four whose lead was taken off; the session, and the search."""
    (session,) = staff.sessions(world, school, days=day + 1)[day:]
    (missing,) = rosters.add_people(world, 1, school)
    (assignment,) = rosters.assign(world, school, missing, [session])
    office = world.as_("academic_affairs", school=school)
    office.post(f"{V}/assignments/{assignment}/remove")
    world.change("vetting", "UPDATE people SET state = 'EXPIRED' WHERE id = :id", id=missing)
    (request,) = office.all(f"{V}/substitute-requests", session_id=session)
    return session, request["id"]


def search(world: World, request: str) -> dict[str, Any]:
    (found,) = [one for one in world.as_("academic_affairs").all(f"{V}/substitute-requests") if one["id"] == request]
    return dict(found)


def wait_until(world: World, hour: int, minute: int = 0, *, day: int) -> None:
    world.set_time(world.at(hour, minute, day=day))
    while world.run_timers("vetting"):
        pass


def offers(world: World, person: UUID | None = None) -> list[tuple[str, str]]:
    """To whom, and how it stands; what one person sees, or everything."""
    role = "academic_affairs" if person is None else "instructor"
    return [(one["person_id"], one["state"]) for one in world.as_(role, person=person).all(f"{V}/substitute-offers")]


def test_candidates_are_ranked_by_being_free_then_by_school_then_by_category(district: World) -> None:
    school, elsewhere = district.schools[:2]
    session, request = vacancy(district, school)
    beside, teacher, busy = rosters.add_people(district, 3, school)
    rosters.assign(district, school, beside, [session], role="ASSIST")
    other_category, minor = rosters.add_people(district, 2, school)
    change = "UPDATE people SET category = :category, is_minor = :minor WHERE id = :id"
    district.change("vetting", change, category="OWN_STAFF", minor=False, id=other_category)
    district.change("vetting", change, category="OWN_TEACHER", minor=True, id=minor)
    rosters.assign(district, school, busy, staff.sessions(district, school, days=3)[2:])
    contracted = rosters.outsider(district, school)
    rosters.add_people(district, 1, elsewhere)
    office = district.as_("academic_affairs", school=school)
    listed = office.get(f"{V}/substitute-requests/{request}/candidates")
    reasons = [tuple(one[name] for name in ("is_free", "same_school", "same_category")) for one in listed["items"]]
    people = [one["person_id"] for one in listed["items"]]
    assert people[:3] == [str(teacher), str(other_category), str(contracted)]
    assert set(people[3:]) == {str(busy), str(beside)}
    assert reasons[:3] == [(True, True, True), (True, True, False), (True, False, False)]
    assert [one["position"] for one in listed["items"]] == [1, 2, 3, 4, 5]
    part = office.get(f"{V}/substitute-requests/{request}/candidates", after=1, limit=1)
    assert ([one["person_id"] for one in part["items"]], part["next"]) == ([str(other_category)], 2)
    stranger = district.as_("academic_affairs", school=elsewhere)
    stranger.get(f"{V}/substitute-requests/{request}/candidates", expect=404)


def test_only_who_could_take_the_session_is_asked(district: World) -> None:
    school, elsewhere = district.schools[:2]
    _, request = vacancy(district, school)
    (stranger,), (busy,) = rosters.add_people(district, 1, elsewhere), rosters.add_people(district, 1, school)
    rosters.assign(district, school, busy, staff.sessions(district, school, days=3)[2:])
    path, office = f"{V}/substitute-requests/{request}/offer", district.as_("academic_affairs")
    for person in (stranger, busy):
        assert office.refused(path, {"person_id": person})["code"] == "not_a_candidate"
    uncleared = staff.listed(district, school)
    assert office.refused(path, {"person_id": uncleared})["code"] == "not_cleared"
    assert offers(district) == []


def test_a_day_before_everybody_who_could_is_asked_and_the_first_to_accept_has_it(district: World) -> None:
    school = district.schools[0]
    session, request = vacancy(district, school)
    people = rosters.add_people(district, 3, school)
    wait_until(district, 15, day=1)
    assert offers(district) == []
    wait_until(district, 16, day=1)
    assert sorted(offers(district)) == sorted((str(person), "OFFERED") for person in people)
    assert (search(district, request)["state"], search(district, request)["level"]) == ("OFFERED", 1)
    assert offers(district, people[0]) == [(str(people[0]), "OFFERED")]
    path = f"{V}/substitute-requests/{request}"
    district.as_("instructor", school=school, person=people[0]).post(f"{path}/decline")
    assert search(district, request)["state"] == "OFFERED"

    def accept(person: UUID) -> int:
        return district.as_("instructor", school=school, person=person).request("POST", f"{path}/accept").status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(accept, people[1:])) == [200, 409]
    found = search(district, request)
    assert (found["state"], found["filled_by"] in map(str, people[1:])) == ("FILLED", True)
    assert sorted(state for _, state in offers(district)) == ["ACCEPTED", "CLOSED", "DECLINED"]
    (held,) = rosters.roster(district, session_id=session, state="CONFIRMED")
    assert held["person_id"] == found["filled_by"]
    assert broken(district) == {}


def test_whoever_declined_may_be_asked_again_by_hand(district: World) -> None:
    school = district.schools[0]
    _, request = vacancy(district, school)
    (person,) = rosters.add_people(district, 1, school)
    path, office = f"{V}/substitute-requests/{request}", district.as_("academic_affairs", school=school)
    them = district.as_("instructor", school=school, person=person)
    office.post(f"{path}/offer", {"person_id": person})
    them.post(f"{path}/decline")
    assert search(district, request)["state"] == "OPEN"
    assert them.refused(f"{path}/accept")["code"] == "illegal_transition"
    office.post(f"{path}/offer", {"person_id": person})
    them.post(f"{path}/accept")
    assert search(district, request)["state"] == "FILLED"


def test_an_assignment_by_hand_ends_the_search(district: World) -> None:
    school = district.schools[0]
    session, request = vacancy(district, school)
    (person,) = rosters.add_people(district, 1, school)
    rosters.assign(district, school, person, [session])
    assert (search(district, request)["state"], search(district, request)["filled_by"]) == ("FILLED", str(person))
    assert isinstance(district.said("vetting")[-1], SubstituteFilled)
    wait_until(district, 15, 45, day=2)
    assert search(district, request)["state"] == "FILLED"


@pytest.mark.parametrize(("is_led", "pupils", "merges"), [(True, 40, True), (True, 41, False), (False, 0, False)])
def test_half_an_hour_before_the_children_go_to_a_staffed_group_that_has_room_or_to_base_care(
    district: World, is_led: bool, pupils: int, merges: bool
) -> None:
    school, group = district.schools[0], new_id()
    _, request = vacancy(district, school)
    wait_until(district, 14, 30, day=2)
    assert search(district, request)["level"] == 2
    (lead,) = rosters.add_people(district, 1, school)
    (beside,) = staff.sessions(district, school, days=3, group=group)[2:]
    if is_led:
        rosters.assign(district, school, lead, [beside])
    for version, (added, removed, day) in enumerate(((pupils + 2, 0, 0), (0, 2, 1), (9, 0, 3)), start=1):
        district.hear(rosters.roll_changed(district, school, group, version, added=added, removed=removed, day=day))
    wait_until(district, 15, 31, day=2)
    found = search(district, request)
    outcome = ("MERGE", str(beside)) if merges else ("BASE_CARE", None)
    assert (found["state"], found["last_resort"], found["merge_into"]) == ("UNFILLED", *outcome)
    (said,) = [event for event in district.said("vetting") if isinstance(event, SubstituteUnfilled)]
    assert (said.last_resort, said.merge_into) == (("MERGE", beside) if merges else ("BASE_CARE", None))


def test_nobody_is_sought_for_a_cancelled_session_and_offers_for_it_end(district: World) -> None:
    school = district.schools[0]
    session, request = vacancy(district, school)
    rosters.add_people(district, 1, school)
    wait_until(district, 16, day=1)
    district.hear(
        SessionCancelled(
            district_id=district.district,
            school_id=school,
            session_id=session,
            group_id=new_id(),
            item_id=new_id(),
            term_id=district.term,
            on=district.at(0, day=2).date(),
            cause="WEATHER",
        )
    )
    assert search(district, request)["state"] == "VOID"
    assert [state for _, state in offers(district)] == ["CLOSED"]
    assert broken(district) == {}


def test_a_block_of_hundreds_of_assignments_seeks_for_each_once_in_a_few_statements(district: World) -> None:
    school = district.schools[0]
    (person,) = rosters.add_people(district, 1, school)
    record = staff.allegation(district, person)
    for hour in (8, 10, 12):
        rosters.assign(district, school, person, staff.sessions(district, school, days=200, hour=hour))
    staff.substantiate(district, record)
    said = [event for event in district.said("vetting") if isinstance(event, SubstitutesRequested)]
    assert [len(event.requests) for event in said] == [500, 100]
    waiting = "SELECT count(*) FROM timers WHERE district_id = :d AND kind = 'substitute.deadline' AND fired_at IS NULL"
    assert district.read("vetting", waiting, d=district.district) == [(600,)]
    assert broken(district) == {}


def test_two_hours_before_the_school_itself_is_called_and_whoever_leads_the_duty_is_told(district: World) -> None:
    school = district.schools[0]
    session, request = vacancy(district, school)
    (leader,) = rosters.add_people(district, 1, school)
    district.change("vetting", "UPDATE people SET category = 'OWN_STAFF' WHERE id = :id", id=leader)
    rosters.assign(district, school, leader, staff.sessions(district, school, days=3)[2:], role="ASSIST")
    duty = {"school_id": school, "person_id": leader, "starts_at": district.at(15, day=2)}
    district.as_("principal").post(f"{V}/duties", duty | {"ends_at": district.at(19, day=2)})
    wait_until(district, 14, day=2)
    (said,) = [event for event in district.said("vetting") if isinstance(event, SubstituteEscalated)]
    assert (str(said.request_id), said.session_id, said.deadline) == (request, session, district.at(15, 30, day=2))
    told = district.read("vetting", "SELECT template FROM notifications WHERE person_id = :id", id=leader)
    assert ("substitute_wanted",) in told

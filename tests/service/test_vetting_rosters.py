"""Assigning people, and what a block does to a roster."""

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from shared.contracts.enrollment import StaffMemberLeft, StaffMemberListed
from shared.contracts.vetting import AssignmentsConfirmed, AssignmentsRemoved, StaffBlocked, SubstitutesRequested
from tests.builders import rosters, staff
from tests.client import Answered
from tests.properties.rosters import broken
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    return world


def assign(world: World, school: UUID, person: UUID, sessions: list[UUID], role: str = "LEAD") -> list[str]:
    body = {"person_id": person, "session_ids": sessions, "role": role}
    items = world.as_("academic_affairs", school=school).post("/vetting/v1/assignments", body)["items"]
    return [item["id"] for item in items]


def states(world: World, person: UUID) -> set[str]:
    found = world.as_("vetting_officer").all("/vetting/v1/assignments", person_id=person)
    return {item["state"] for item in found}


@pytest.mark.clause("P5-3.5.8")
def test_a_blocked_person_loses_every_future_assignment_at_three_schools_in_one_transaction(district: World) -> None:
    person = staff.cleared(district, *district.schools)
    for hour, school in zip((14, 16, 18), district.schools, strict=True):
        assign(district, school, person, staff.sessions(district, school, hour=hour))
    before = len(district.said("vetting"))
    staff.substantiate(district, staff.allegation(district, person))
    assert states(district, person) == {"REMOVED"}
    said = district.said("vetting")[before:]
    assert isinstance(said[0], StaffBlocked)
    removed = [event for event in said if isinstance(event, AssignmentsRemoved)]
    assert {event.school_id for event in removed} == set(district.schools)
    assert sum(len(event.removed) for event in removed) == 15
    assert sum(len(event.requests) for event in said if isinstance(event, SubstitutesRequested)) == 15
    requests = district.as_("academic_affairs").all("/vetting/v1/substitute-requests")
    assert len(requests) == 15


@pytest.mark.clause("P5-3.5.8")
def test_a_blocked_person_is_assigned_to_nothing(district: World) -> None:
    person, school = staff.cleared(district, *district.schools), district.schools[0]
    staff.substantiate(district, staff.allegation(district, person))
    body = {"person_id": person, "session_ids": staff.sessions(district, school), "role": "LEAD"}
    refusal = district.as_("academic_affairs").refused("/vetting/v1/assignments", body)
    assert (refusal["code"], refusal["gate"]) == ("person_blocked", "G-CLEAR")
    assert "P5-3.5.8" in [clause["id"] for clause in refusal["clauses"]]


def test_a_session_that_is_over_stays_served_history_when_a_person_is_blocked(district: World) -> None:
    person, school = staff.cleared(district, district.schools[0]), district.schools[0]
    assign(district, school, person, staff.sessions(district, school))
    district.set_time(district.at(12, day=2))
    staff.substantiate(district, staff.allegation(district, person))
    found = district.as_("vetting_officer").all("/vetting/v1/assignments", person_id=person)
    assert [item["state"] for item in found] == ["CONFIRMED", "CONFIRMED", "REMOVED", "REMOVED", "REMOVED"]


def test_a_clearance_must_cover_the_last_session(district: World) -> None:
    person, school = staff.cleared(district, district.schools[0]), district.schools[0]
    late = staff.sessions(district, school, days=400)
    body = {"person_id": person, "session_ids": late, "role": "LEAD"}
    assert district.as_("academic_affairs").refused("/vetting/v1/assignments", body)["code"] == "not_cleared"


def test_nobody_is_in_two_sessions_at_once_even_at_another_school(district: World) -> None:
    here, there = district.schools[:2]
    person = staff.cleared(district, here, there)
    assign(district, here, person, staff.sessions(district, here))
    body = {"person_id": person, "session_ids": staff.sessions(district, there), "role": "LEAD"}
    refusal = district.as_("academic_affairs", school=there).refused("/vetting/v1/assignments", body)
    assert refusal["code"] == "double_booking"


@pytest.mark.clause("P5-3.5.6")
def test_somebody_without_a_contract_at_the_school_is_not_assigned(district: World) -> None:
    person, elsewhere = staff.cleared(district, district.schools[0]), district.schools[1]
    body = {"person_id": person, "session_ids": staff.sessions(district, elsewhere), "role": "LEAD"}
    refusal = district.as_("academic_affairs").refused("/vetting/v1/assignments", body)
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("engagement_missing", "P5-3.5.6")


def test_a_cleared_substitute_takes_the_vacancy_and_a_restored_person_gets_nothing_back(district: World) -> None:
    school = district.schools[0]
    person, other = staff.cleared(district, school), staff.cleared(district, school)
    assign(district, school, person, staff.sessions(district, school, days=1))
    record = staff.allegation(district, person)
    staff.substantiate(district, record)
    office = district.as_("academic_affairs", school=school)
    (request,) = office.all("/vetting/v1/substitute-requests")
    office.post(f"/vetting/v1/substitute-requests/{request['id']}/offer", {"person_id": other})
    stranger = district.as_("instructor", school=school, person=person)
    assert stranger.refused(f"/vetting/v1/substitute-requests/{request['id']}/accept")["code"] == "not_offered_to_you"
    district.as_("instructor", school=school, person=other).post(
        f"/vetting/v1/substitute-requests/{request['id']}/accept"
    )
    assert states(district, other) == {"CONFIRMED"}
    appeal(district, person, record)
    staff.check_and_clear(district, person)
    assert states(district, person) == {"REMOVED"}
    assign(district, school, person, staff.sessions(district, school, days=1, hour=18))
    confirmed = [event for event in district.said("vetting") if isinstance(event, AssignmentsConfirmed)]
    assert confirmed[-1].clearance_epoch > confirmed[0].clearance_epoch


def appeal(world: World, person: UUID, record: str) -> None:
    world.as_("instructor", person=person).post(f"/vetting/v1/conduct-records/{record}/appeal")
    world.as_("district_admin").post(f"/vetting/v1/conduct-records/{record}/reverse", {"evidence_ref": "d"})


def test_assigning_while_a_block_commits_never_leaves_a_blocked_person_assigned(district: World) -> None:
    person, school = staff.cleared(district, district.schools[0]), district.schools[0]
    batches = [staff.sessions(district, school, days=5, hour=hour) for hour in (8, 10, 12, 14, 16, 18, 20)]
    record = staff.allegation(district, person)

    def try_to_assign(batch: list[UUID]) -> None:
        try:
            assign(district, school, person, batch)
        except Answered as refused:
            assert "person_blocked" in str(refused)

    with ThreadPoolExecutor(8) as pool:
        racers = [pool.submit(try_to_assign, batch) for batch in batches]
        racers.append(pool.submit(staff.substantiate, district, record))
        for racer in racers:
            racer.result()
    assert states(district, person) <= {"REMOVED"}


def test_an_unanswered_vacancy_escalates_by_its_deadlines_and_is_given_up(district: World) -> None:
    person, school = staff.cleared(district, district.schools[0]), district.schools[0]
    assign(district, school, person, staff.sessions(district, school, days=3)[2:])
    staff.substantiate(district, staff.allegation(district, person))
    seen = []
    for day, hour, minute in ((0, 9, 0), (1, 17, 0), (2, 14, 30), (2, 15, 31)):
        district.set_time(district.at(hour, minute, day=day))
        while district.run_timers("vetting"):
            pass
        (request,) = district.as_("academic_affairs").all("/vetting/v1/substitute-requests")
        seen.append((request["state"], request["level"]))
    assert seen == [("OPEN", 0), ("ESCALATED", 1), ("ESCALATED", 2), ("UNFILLED", 3)]


def test_an_offer_still_stands_when_its_deadline_passes_and_somebody_higher_looks_on(district: World) -> None:
    school = district.schools[0]
    person, other = staff.cleared(district, school), staff.cleared(district, school)
    assign(district, school, person, staff.sessions(district, school, days=1))
    staff.substantiate(district, staff.allegation(district, person))
    office = district.as_("academic_affairs", school=school)
    (request,) = office.all("/vetting/v1/substitute-requests")
    office.post(f"/vetting/v1/substitute-requests/{request['id']}/offer", {"person_id": other})
    district.run_timers("vetting")
    path = f"/vetting/v1/substitute-requests/{request['id']}/accept"
    district.as_("instructor", school=school, person=other).post(path)
    assert states(district, other) == {"CONFIRMED"}


def test_another_districts_caller_finds_no_assignment(district: World, house: object) -> None:
    person, school = staff.cleared(district, district.schools[0]), district.schools[0]
    (assignment,) = assign(district, school, person, staff.sessions(district, school, days=1))
    stranger = World(district.house, district.suite)
    stranger.as_("academic_affairs").post(f"/vetting/v1/assignments/{assignment}/remove", expect=404)
    other_school = district.as_("academic_affairs", school=district.schools[1])
    other_school.post(f"/vetting/v1/assignments/{assignment}/remove", expect=404)


def test_whoever_left_a_school_is_off_its_roster_but_for_the_days_of_a_contract(district: World) -> None:
    first, second, _ = district.schools
    person = staff.cleared(district, first, second)
    there = assign(district, first, person, staff.sessions(district, first, hour=14))
    assign(district, second, person, staff.sessions(district, second, hour=16))
    district.hear(StaffMemberLeft(district_id=district.district, school_id=first, person_id=person))
    found = district.as_("vetting_officer").all("/vetting/v1/assignments", person_id=person)
    assert {item["id"] for item in found if item["state"] == "REMOVED"} == set(there)
    assert {item["cause"] for item in found if item["state"] == "REMOVED"} == {"LEFT_SCHOOL"}
    later = staff.sessions(district, first, hour=18)
    body = {"person_id": person, "session_ids": later, "role": "LEAD"}
    assert district.as_("academic_affairs").refused("/vetting/v1/assignments", body)["code"] == "engagement_missing"
    district.hear(StaffMemberListed(district_id=district.district, school_id=first, person_id=person, role="teacher"))
    assign(district, first, person, later)


# Handing over and swapping


def test_two_people_swap_sessions_in_one_transaction_and_nobody_is_sought(district: World) -> None:
    school = district.schools[0]
    first, second = staff.cleared(district, school), staff.cleared(district, school)
    early, late = staff.sessions(district, school, days=1), staff.sessions(district, school, days=1, hour=18)
    (mine,), (theirs,) = assign(district, school, first, early), assign(district, school, second, late)
    office = district.as_("academic_affairs", school=school)
    made = office.post(f"/vetting/v1/assignments/{mine}/swap", {"assignment_id": theirs})["items"]
    assert {(item["person_id"], item["session_id"]) for item in made} == {
        (str(second), str(early[0])),
        (str(first), str(late[0])),
    }
    gone = rosters.roster(district, state="REMOVED")
    assert {(item["id"], item["cause"]) for item in gone} == {(mine, "HANDED_OVER"), (theirs, "HANDED_OVER")}
    assert office.all("/vetting/v1/substitute-requests") == []
    assert broken(district) == {}


def test_a_swap_is_refused_whole_when_one_of_the_two_may_not_serve_there(district: World) -> None:
    school, elsewhere = district.schools[:2]
    here, guest = staff.cleared(district, school, elsewhere), staff.cleared(district, elsewhere)
    (mine,) = assign(district, school, here, staff.sessions(district, school, days=1))
    (theirs,) = assign(district, elsewhere, guest, staff.sessions(district, elsewhere, days=1, hour=18))
    path, body = f"/vetting/v1/assignments/{mine}/swap", {"assignment_id": theirs}
    assert district.as_("academic_affairs").refused(path, body)["code"] == "engagement_missing"
    assert {item["state"] for item in rosters.roster(district)} == {"CONFIRMED"}
    district.as_("academic_affairs", school=school).post(path, body, expect=404)


@pytest.mark.clause("P1-3.2.2")
def test_a_session_is_handed_to_a_cleared_person_alone_and_the_change_stays_on_record(district: World) -> None:
    school = district.schools[0]
    person, other, uncleared = (
        staff.cleared(district, school),
        staff.cleared(district, school),
        staff.listed(district, school),
    )
    (mine,) = assign(district, school, person, staff.sessions(district, school, days=1))
    office = district.as_("academic_affairs", school=school)
    path = f"/vetting/v1/assignments/{mine}/hand-over"
    assert office.refused(path, {"person_id": uncleared})["code"] == "not_cleared"
    assert office.post(path, {"person_id": person}, expect=422)["errors"] == {"person_id": "has_it_already"}
    assert office.post(path, {"person_id": other})["person_id"] == str(other)
    (before,) = rosters.roster(district, person_id=person)
    assert (before["id"], before["state"], before["cause"]) == (mine, "REMOVED", "HANDED_OVER")
    assert office.refused(path, {"person_id": other})["code"] == "illegal_transition"


def test_what_is_over_is_history_and_nobody_is_taken_off_it(district: World) -> None:
    person, school = staff.cleared(district, district.schools[0]), district.schools[0]
    (mine,) = assign(district, school, person, staff.sessions(district, school, days=1))
    district.set_time(district.at(8, day=1))
    office = district.as_("academic_affairs", school=school)
    assert office.refused(f"/vetting/v1/assignments/{mine}/remove")["code"] == "session_not_open"


# Many at once


def test_eight_workers_that_assign_swap_and_block_leave_nobody_unfit_and_nobody_in_two_places(district: World) -> None:
    school = district.schools[0]
    people = rosters.add_people(district, 5, school)
    batches = [staff.sessions(district, school, hour=hour) for hour in (8, 9, 10, 14, 15, 16)]
    records = [staff.allegation(district, person) for person in people[:2]]
    for person, batch in zip(people, batches[::2], strict=False):
        assign(district, school, person, batch)

    def work(seed: int) -> None:
        chance, office = random.Random(seed), district.as_("academic_affairs", school=school)
        for _ in range(12):
            held = [item["id"] for item in rosters.roster(district, state="CONFIRMED")]
            person, some = chance.choice(people), chance.choices(held, k=2)
            body = {"person_id": person, "session_ids": chance.choice(batches), "role": "LEAD"}
            path, asked = chance.choice(
                (
                    ("/vetting/v1/assignments", body),
                    (f"/vetting/v1/assignments/{some[0]}/swap", {"assignment_id": some[1]}),
                    (f"/vetting/v1/assignments/{some[0]}/hand-over", {"person_id": person}),
                    (f"/vetting/v1/assignments/{some[0]}/remove", None),
                )
            )
            office.post(path, asked, expect=(200, 201, 409, 422))

    with ThreadPoolExecutor(8) as pool:
        racers = [pool.submit(work, seed) for seed in range(6)]
        racers += [pool.submit(staff.substantiate, district, record) for record in records]
        for racer in racers:
            racer.result()
    assert broken(district) == {}
    blocked = [event for event in district.said("vetting") if isinstance(event, StaffBlocked)]
    assert len(blocked) == 2

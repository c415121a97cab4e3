"""No request asks the database row by row: a hundred rows cost as many statements as ten."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from services.attendance.tables import Venue
from shared.caller import service_itself
from shared.ids import new_id
from shared.messaging.work import open_work
from tests.bench.recorded import recording
from tests.builders import care, enrollment, rosters, staff
from tests.world import World

SERVICES = ("enrollment", "attendance", "vetting")

COLUMNS = {
    "/attendance/v1/venues": "school_id, name, scope",
    "/vetting/v1/people": "category, state, clearance_epoch, is_minor",
}
VALUES = {
    "/attendance/v1/venues": "CAST(:school AS uuid), '教室', 'on_campus'",
    "/vetting/v1/people": "CASE WHEN CAST(:school AS uuid) IS NULL THEN '' ELSE 'OWN_TEACHER' END, 'LISTED', 0, false",
}


def statements(world: World, service: str, act: Callable[[], object]) -> list[str]:
    """The beginnings of what a request sends to its service's database."""
    with recording(world.suite.nodes[service].app_database.engine) as kept:
        act()
    return [one.sql[:60] for one in kept]


def add_rows(world: World, path: str, count: int) -> None:
    """Many rows at once, past the doors."""
    _, service, _, table = path.split("/")
    world.change(
        service,
        f"INSERT INTO {table} (id, district_id, version, {COLUMNS[path]})"
        f" SELECT gen_random_uuid(), :district, 1, {VALUES[path]} FROM generate_series(1, {count})",
        district=world.district,
        school=world.schools[0],
    )


@pytest.mark.parametrize("path", COLUMNS)
def test_a_list_of_two_hundred_rows_costs_as_many_statements_as_one_of_ten(world: World, path: str) -> None:
    service = path.split("/")[1]
    caller = world.as_("vetting_officer" if service == "vetting" else "principal")
    add_rows(world, path, 10)
    ten = statements(world, service, lambda: caller.get(path, limit=200))
    add_rows(world, path, 190)
    assert len(caller.get(path, limit=200)["items"]) == 200
    assert statements(world, service, lambda: caller.get(path, limit=200)) == ten


def test_a_row_that_changed_meanwhile_is_noticed_among_many_that_are_written_together(world: World) -> None:
    add_rows(world, "/attendance/v1/venues", 2)
    database = world.suite.nodes["attendance"].database
    with pytest.raises(StaleDataError), open_work(database, service_itself("attendance", world.district)) as work:
        first, second = work.session.scalars(select(Venue))
        world.change("attendance", "UPDATE venues SET version = version + 1 WHERE id = :id", id=first.id)
        first.name = second.name = "二年级教室"


def test_a_roll_call_of_thirty_costs_as_many_statements_as_one_of_ten(world: World) -> None:
    care.open_term(world)
    school = care.build_school(world, pupils=40)
    session = care.open_session(school)
    few, many = school.pupils[:10], school.pupils[10:]
    for act in (care.hand_over, care.mark):
        ten = statements(world, "attendance", lambda: act(school, session, pupils=few))  # noqa: B023  # called at once
        assert statements(world, "attendance", lambda: act(school, session, pupils=many)) == ten  # noqa: B023  # as above


def test_a_review_of_a_hundred_applications_costs_as_many_statements_as_one_of_ten(world: World) -> None:
    world.set_time(world.at(8, day=-7))
    school = enrollment.before_term(world, pupils=120)
    enrollment.opened(school, capacity=120)
    ids = [enrollment.apply(school, link)["id"] for link in enrollment.links(school)[:110]]
    world.change(
        "enrollment",
        "UPDATE applications SET state = 'CLASS_REVIEWED', step = 2 WHERE district_id = :d",
        d=world.district,
    )

    def review(some: list[str]) -> list[str]:
        body = {"application_ids": some, "decision": "approve"}
        return statements(
            world, "enrollment", lambda: school.principal().post(f"{enrollment.E}/applications/school-review", body)
        )

    assert review(ids[10:]) == review(ids[:10])


def test_a_series_of_sixty_and_its_block_cost_as_many_statements_as_of_ten(world: World) -> None:
    rosters.open_term(world)
    school, office, sent = world.schools[0], world.as_("academic_affairs"), []
    for days in (10, 10, 60):  # the first reads the policy into this process
        (person,), group = rosters.add_people(world, 1, school), new_id()
        staff.sessions(world, school, days=days, group=group)
        record = staff.allegation(world, person)
        span = {"starts_on": world.first_day, "ends_on": world.at(0, day=days).date()}
        body = {"person_id": person, "group_id": group, "role": "LEAD", **span}
        assigned = statements(world, "vetting", partial(office.post, "/vetting/v1/assignments/series", body))
        blocked = statements(world, "vetting", partial(staff.substantiate, world, record))
        # One for each of the four partitions that the two ids happen to lie in.
        sent.append([one for one in assigned + blocked if not one.startswith("UPDATE outbox_part")])
    assert sent[1] == sent[2]

"""Vetting under load: how many people are judged a second, what a block of 2,000 assignments takes, what a term's
rosters take. Through the HTTP door, called as a WSGI application in this process by one thread.

There is no baseline to compare with: every block has to keep its bound, and the median of the checks.
"""

import statistics
from functools import partial
from typing import Any
from uuid import UUID

from services.vetting.people import queries as people
from services.vetting.people.rules import g_category, g_clear, need_ground
from services.vetting.rosters import queries as roster
from services.vetting.rosters import rules
from shared.caller import service_itself
from shared.messaging.work import open_work
from shared.policy.published import policy_of_term
from tests.bench.ground import Ground
from tests.bench.measure import Figure, seconds
from tests.builders import rosters, staff
from tests.world import World

SERVICES = ("vetting",)
PEOPLE, CHECKS, A_WORK = 100_000, 2_000, 50
BLOCKED, BLOCKS = 2_000, 5
TEACHERS, DAYS = 100, 100
INSERTED_AT_ONCE = 5_000


def _world(ground: Ground) -> World:
    return rosters.open_term(World(ground.house, ground.house.assembled(SERVICES)), days=DAYS)


def eligibility(ground: Ground) -> Figure:
    """May this person serve in that session: status, checks behind it, contract, role and hours, at 100,000 people."""
    world = _world(ground)
    school = world.schools[0]
    made: list[UUID] = []
    while len(made) < PEOPLE:
        made += rosters.add_people(world, INSERTED_AT_ONCE, school)
    (session,) = staff.sessions(world, school, days=1)
    world.change("vetting", "ANALYZE")
    asked = [made[number * 7919 % PEOPLE] for number in range(CHECKS)]
    spent = [seconds(partial(_judge, world, session, asked[at : at + A_WORK])) for at in range(0, CHECKS, A_WORK)]
    rate = A_WORK / statistics.median(spent)
    return Figure(
        name="eligibility",
        ours=f"{rate:,.0f} people/s",
        baseline=f"{PEOPLE:,} people",
        measured=f"{1000 / rate:.2f} ms each, {1000 * min(spent) / A_WORK:.2f} at best",
        wanted="≥ 200 people/s",
        met=rate >= 200,
    )


def _judge(world: World, session_id: UUID, person_ids: list[UUID]) -> None:
    """The gate's own queries, one person at a time, as an assignment asks them; nothing is locked or written."""
    with open_work(world.suite.nodes["vetting"].app_database, service_itself("vetting", world.district)) as work:
        (session,) = roster.find_sessions(work, [session_id])
        policy = policy_of_term(work, session.school_id, session.term_id)
        day = world.first_day
        for person_id in person_ids:
            person = people.find_person(work, person_id)
            g_category(person.category, policy)
            g_clear(person.state, person.valid_until, day, policy)
            rules.need_role(person.category, person.is_minor, "LEAD", policy)
            need_ground(person.category, people.ground(work, person_id, session.school_id, day, day), policy)
            taken = roster.taken_hours(work, person_id, session.starts_at, session.ends_at)
            hours = rules.Hours(session.id, session.starts_at, session.ends_at)
            rules.need_clear_way(rules.overlapping([hours], taken))


def block(ground: Ground) -> Figure:
    """POST the decision about a person with 2,000 assignments ahead, until its reply, which comes after the commit."""
    world = _world(ground)
    school, officer = world.schools[0], world.as_("vetting_officer")
    batches = [staff.sessions(world, school, days=250, hour=hour) for hour in range(6, 22, 2)]
    spent = []
    for person in rosters.add_people(world, BLOCKS, school, valid_days=360):
        record = staff.allegation(world, person)
        for batch in batches:
            rosters.assign(world, school, person, batch, role="ASSIST")
        body = {"sanction": "DEMERIT", "evidence_ref": "doc"}
        spent.append(seconds(partial(officer.post, f"/vetting/v1/conduct-records/{record}/substantiate", body)))
    return Figure(
        name=f"block of {BLOCKED:,} assignments",
        ours=f"{max(spent):.2f} s",
        baseline=f"{BLOCKS} blocks",
        measured=f"{statistics.median(spent):.2f} s ({min(spent):.2f}–{max(spent):.2f})",
        wanted="< 1 s",
        met=max(spent) < 1.0,
    )


def bulk_assignment(ground: Ground) -> Figure:
    """POST a term's series of 100 sessions for each of 100 teachers: 10,000 assignments in 100 commands."""
    world = _world(ground)
    school, office = world.schools[0], world.as_("academic_affairs")
    bodies: list[dict[str, Any]] = []
    for number, person in enumerate(rosters.add_people(world, TEACHERS, school)):
        group = UUID(int=world.district.int ^ number)
        staff.sessions(world, school, days=DAYS, hour=16, group=group)
        span = {"starts_on": world.first_day, "ends_on": world.at(0, day=DAYS).date()}
        bodies.append({"person_id": person, "group_id": group, "role": "LEAD"} | span)
    spent = [seconds(partial(office.post, "/vetting/v1/assignments/series", body)) for body in bodies]
    total = TEACHERS * DAYS
    return Figure(
        name=f"bulk assignment of {total:,}",
        ours=f"{total / sum(spent):,.0f} assignments/s",
        baseline=f"{TEACHERS} series of {DAYS}",
        measured=f"{sum(spent):.1f} s, {statistics.median(spent) * 1000:.0f} ms a series",
        wanted="< 20 s",
        met=sum(spent) < 20.0,
    )

"""Random commands on rosters, passes and clearances, raced by eight workers, with the clock jumping: whatever happens,
the rules of `rosters.CHECKS` hold after every step, and what was taken off never comes back (INV-VET-16).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shared.contracts.attendance import SessionCancelled
from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.properties.rosters import broken
from tests.world import House, World

TEACHERS, WORKERS = 4, 8
CONTRACTS = ("LABOUR_CONTRACT", "SERVICE_AGREEMENT", "SECONDMENT")
ROLES = ("LEAD", "ASSIST", "HELPER")
ANSWERS = (200, 201, 404, 409, 422)
"""Done, or refused by a rule; anything else is a defect."""


class District:
    """Four teachers of two schools, one a minor, whose clearances end within the term; somebody from outside; sessions
    that overlap.
    """

    def __init__(self, house: House) -> None:
        self.world = world = rosters.open_term(World(house, house.assembled(("vetting",))))
        here, there = world.schools[:2]
        self.people = rosters.add_people(world, TEACHERS, here, valid_days=3)
        world.change(
            "vetting",
            "INSERT INTO posts (id, district_id, version, school_id, person_id, role)"
            " SELECT gen_random_uuid(), :d, 1, :there, id, 'teacher' FROM people WHERE district_id = :d",
            d=world.district,
            there=there,
        )
        world.change("vetting", "UPDATE people SET is_minor = true WHERE id = :id", id=self.people[-1])
        self.outsider = rosters.outsider(world, here)
        self.people.append(self.outsider)
        self.group = new_id()
        self.sessions = staff.sessions(world, here, hour=14, group=self.group)
        for school, hour in ((here, 15), (there, 15), (there, 17)):
            self.sessions += staff.sessions(world, school, hour=hour)
        self.moment = world.at(8)
        self.removed: set[str] = set()

    def ask(self, role: str, path: str, body: Any = None, *, person: UUID | None = None) -> None:
        """A command that a rule may refuse, and nothing worse may happen to."""
        self.world.as_(role, person=person).post(f"{V}/{path}", body, expect=ANSWERS)

    def person(self, number: int) -> UUID:
        return self.people[number % len(self.people)]

    def one_of(self, things: str, number: int, *, role: str = "academic_affairs", **query: Any) -> str:
        """The id of one of many; where there is none, one that nothing has."""
        found = self.world.as_(role).all(f"{V}/{things}", **query)
        return str(found[number % len(found)]["id"] if found else new_id())

    def assignment(self, number: int) -> str:
        return self.one_of("assignments", number, state="CONFIRMED")

    # Commands, each with two numbers that pick what it is about

    def assign(self, one: int, other: int) -> None:
        body = {"person_id": self.person(other), "session_ids": [self.sessions[one % len(self.sessions)]]}
        self.ask("academic_affairs", "assignments", body | {"role": ROLES[other % 3]})

    def propose(self, one: int, other: int) -> None:
        body = {"person_id": self.person(other), "session_ids": [self.sessions[one % len(self.sessions)]]}
        self.ask("academic_affairs", "assignments/propose", body | {"role": ROLES[other % 3]})

    def confirm(self, one: int, _: int) -> None:
        proposal = self.one_of("assignments", one, state="PROPOSED")
        self.ask("academic_affairs", "assignments/confirm", {"assignment_ids": [proposal]})

    def withdraw_proposal(self, one: int, _: int) -> None:
        self.ask("academic_affairs", f"assignments/{self.one_of('assignments', one, state='PROPOSED')}/remove")

    def seek(self, one: int, other: int) -> None:
        body = {"session_id": self.sessions[one % len(self.sessions)], "role": ROLES[other % 3]}
        self.ask("academic_affairs", "substitute-requests", body)

    def assign_series(self, one: int, other: int) -> None:
        first = self.world.first_day + timedelta(days=other % 4)
        body = {"person_id": self.person(one), "group_id": self.group, "role": ROLES[other % 2], "starts_on": first}
        self.ask("academic_affairs", "assignments/series", body | {"ends_on": first + timedelta(days=one % 3)})

    def remove(self, one: int, _: int) -> None:
        self.ask("academic_affairs", f"assignments/{self.assignment(one)}/remove")

    def swap(self, one: int, other: int) -> None:
        body = {"assignment_id": self.assignment(other)}
        self.ask("academic_affairs", f"assignments/{self.assignment(one)}/swap", body)

    def hand_over(self, one: int, other: int) -> None:
        body = {"person_id": self.person(other)}
        self.ask("academic_affairs", f"assignments/{self.assignment(one)}/hand-over", body)

    def issue_pass(self, one: int, other: int) -> None:
        on = self.world.first_day + timedelta(days=other % 5)
        body = {"person_id": self.person(one), "school_id": self.world.schools[other % 2], "on": on}
        self.ask("academic_affairs", "gate-passes", body)

    def stand_in(self, one: int, other: int) -> None:
        path, person = f"substitute-requests/{self.one_of('substitute-requests', one)}", self.person(other)
        self.ask("academic_affairs", f"{path}/offer", {"person_id": person})
        self.ask("instructor", f"{path}/accept", person=person)

    def hire(self, one: int, other: int) -> None:
        """A contract of one kind or another, with a statement that the own staff does not suffice or without one."""
        terms = {"school_id": self.world.schools[one % 2], "person_id": self.outsider, "kind": CONTRACTS[other % 3]}
        first = self.world.first_day + timedelta(days=one % 4)
        span = {"starts_on": first, "ends_on": first + timedelta(days=other % 3)}
        stated = {"insufficiency_ref": "doc"} if other % 5 else {}
        self.ask("academic_affairs", "engagements", terms | span | stated)
        contract = self.one_of("engagements", other, state="DRAFT")
        for party in ("school", "person"):
            self.ask("principal", f"engagements/{contract}/sign", {"party": party})

    def bring_in(self, one: int, other: int) -> None:
        """Somebody from outside beside the others, at one school or the other."""
        body = {"person_id": self.outsider, "role": ROLES[1 + other % 2]}
        self.ask("academic_affairs", "assignments", body | {"session_ids": [self.sessions[one % len(self.sessions)]]})

    def end_contract(self, one: int, _: int) -> None:
        self.ask("principal", f"engagements/{self.one_of('engagements', one, state='ACTIVE')}/terminate")

    def name_duty_leader(self, one: int, other: int) -> None:
        day = other % 5
        hours = {"starts_at": self.world.at(14, day=day), "ends_at": self.world.at(19, day=day)}
        body = {"school_id": self.world.schools[one % 2], "person_id": self.person(one)}
        self.ask("principal", "duties", body | hours)

    def suspend(self, one: int, _: int) -> None:
        staff.allegation(self.world, self.person(one), "E05")

    def dismiss(self, one: int, _: int) -> None:
        record = self.one_of("conduct-records", one, role="vetting_officer", state="UNDER_INVESTIGATION")
        self.ask("vetting_officer", f"conduct-records/{record}/dismiss", {"evidence_ref": "doc"})

    def block(self, one: int, _: int) -> None:
        staff.substantiate(self.world, staff.allegation(self.world, self.person(one)))

    def clear_again(self, one: int, _: int) -> None:
        """After the finding was overturned."""
        overturn = "UPDATE conduct_records SET state = 'REVERSED' WHERE person_id = :id AND state = 'SUBSTANTIATED'"
        self.world.change("vetting", overturn, id=self.person(one))
        self.ask("academic_affairs", f"people/{self.person(one)}/start-review", {"consent": True})
        self.ask("vetting_officer", f"people/{self.person(one)}/clear")

    # What happens by itself

    def cancel(self, number: int) -> None:
        session = self.sessions[number % len(self.sessions)]
        school = self.world.schools[0 if number % len(self.sessions) < 10 else 1]
        self.world.hear(
            SessionCancelled(
                district_id=self.world.district,
                school_id=school,
                session_id=session,
                group_id=self.group,
                item_id=new_id(),
                term_id=self.world.term,
                on=self.world.first_day,
                cause="WEATHER",
            )
        )

    def wait(self, hours: int) -> None:
        self.moment += timedelta(hours=hours)
        self.world.set_time(self.moment)
        while self.world.run_timers("vetting"):
            pass

    def resurrected(self) -> set[str]:
        """What was taken off and is not any more (INV-VET-16)."""
        sql = "SELECT CAST(id AS text) FROM assignments WHERE district_id = :d AND state = 'REMOVED'"
        now = {row[0] for row in self.world.read("vetting", sql, d=self.world.district)}
        before, self.removed = self.removed, now
        return before - now


COMMANDS: dict[str, Callable[[District, int, int], None]] = {
    "assign": District.assign,
    "propose": District.propose,
    "confirm": District.confirm,
    "withdraw_proposal": District.withdraw_proposal,
    "seek": District.seek,
    "assign_series": District.assign_series,
    "remove": District.remove,
    "swap": District.swap,
    "hand_over": District.hand_over,
    "issue_pass": District.issue_pass,
    "stand_in": District.stand_in,
    "hire": District.hire,
    "bring_in": District.bring_in,
    "end_contract": District.end_contract,
    "name_duty_leader": District.name_duty_leader,
    "suspend": District.suspend,
    "dismiss": District.dismiss,
    "block": District.block,
    "clear_again": District.clear_again,
}
NUMBERS = some.integers(0, 999)
COMMAND = some.tuples(some.sampled_from(sorted(COMMANDS)), NUMBERS, NUMBERS)


class RostersMachine(RuleBasedStateMachine):
    """A district of its own for each example."""

    house: ClassVar[House]

    def __init__(self) -> None:
        super().__init__()
        self.district = District(self.house)

    def teardown(self) -> None:
        self.district.world.http.close()

    @rule(commands=some.lists(COMMAND, min_size=1, max_size=4))
    def act(self, commands: list[tuple[str, int, int]]) -> None:
        for name, one, other in commands:
            COMMANDS[name](self.district, one, other)

    @rule(commands=some.lists(COMMAND, min_size=WORKERS, max_size=WORKERS))
    def race(self, commands: list[tuple[str, int, int]]) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            racers = [pool.submit(COMMANDS[name], self.district, one, other) for name, one, other in commands]
            for racer in racers:
                racer.result()

    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        self.district.cancel(number)

    @rule(hours=some.sampled_from((1, 7, 24, 60)))
    def wait(self, hours: int) -> None:
        self.district.wait(hours)

    @invariant()
    def no_rule_is_broken(self) -> None:
        assert broken(self.district.world) == {}
        assert self.district.resurrected() == set()


@pytest.mark.timeout(300)
def test_no_sequence_of_commands_races_and_clock_jumps_breaks_a_rule_of_rosters(house: House) -> None:
    RostersMachine.house = house
    run_state_machine_as_test(
        RostersMachine, settings=settings(max_examples=10, stateful_step_count=12, derandomize=True)
    )

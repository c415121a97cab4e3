"""The directory as values: what we keep of a register (`mapping.py` fills it from OneRoster rows).

Facts are kept by sourcedId, so that a delta can change or end exactly one. Pupils, guardians and staff are *views*
over them, which makes a teacher who is also a parent one Person in two views:

- a pupil has role `student`; class and grade come from the homeroom class, and where there are several from the one
  begun last; without any, the class is None, the school is that of the role and the grade that of the user row;
- a guardian has role `guardian` or `parent` and is linked to a pupil by the agents of either row;
- staff hold any role but those of pupils and families (`ext:` roles included); an active homeroom membership
  `teacher` with `primary` true makes a class teacher (班主任). Begin and end dates of roles are not weighed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TypeVar

STUDENT = "student"
GUARDIAN_ROLES = frozenset({"guardian", "parent"})
NOT_STAFF = GUARDIAN_ROLES | {STUDENT, "relative"}


@dataclass(frozen=True)
class District:
    source_id: str
    name: str


@dataclass(frozen=True)
class School:
    source_id: str
    name: str
    identifier: str
    parent: str


@dataclass(frozen=True)
class SchoolYear:
    source_id: str
    title: str
    start: date
    end: date


@dataclass(frozen=True)
class Term:
    source_id: str
    title: str
    start: date
    end: date
    school_year: str


@dataclass(frozen=True)
class SchoolClass:
    source_id: str
    title: str
    grade: int
    school: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """`agents` are the people that this person's own row names: guardians of a pupil, pupils of a guardian."""

    source_id: str
    family_name: str
    given_name: str
    phone: str
    student_number: str
    grade: int | None
    agents: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    source_id: str
    person: str
    org: str
    role: str


@dataclass(frozen=True)
class Membership:
    """A person in a homeroom class; `begin` is empty when the register does not say."""

    source_id: str
    person: str
    class_id: str
    role: str
    primary: bool
    begin: str


@dataclass(frozen=True)
class Pupil:
    source_id: str
    family_name: str
    given_name: str
    student_number: str
    grade: int | None
    class_id: str | None
    school: str


@dataclass(frozen=True)
class Guardian:
    """`placed` are the pupils in a class: only then is a pupil kept, so a guardian changes when one gets there."""

    source_id: str
    family_name: str
    given_name: str
    phone: str
    pupils: tuple[str, ...]
    placed: tuple[str, ...]


@dataclass(frozen=True)
class StaffMember:
    """`posts` are (org, OneRoster role) pairs, `class_teacher_of` ids of homeroom classes."""

    source_id: str
    family_name: str
    given_name: str
    phone: str
    posts: tuple[tuple[str, str], ...]
    class_teacher_of: tuple[str, ...]


@dataclass(frozen=True)
class Directory:
    """What is active, every mapping by sourcedId: eight kinds of facts, and three views over them."""

    districts: Mapping[str, District] = field(default_factory=dict)
    schools: Mapping[str, School] = field(default_factory=dict)
    school_years: Mapping[str, SchoolYear] = field(default_factory=dict)
    terms: Mapping[str, Term] = field(default_factory=dict)
    classes: Mapping[str, SchoolClass] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    memberships: Mapping[str, Membership] = field(default_factory=dict)

    @cached_property
    def pupils(self) -> Mapping[str, Pupil]:
        places = sorted(self._members(STUDENT), key=lambda member: (member.begin, member.source_id))
        class_of = {place.person: self.classes[place.class_id] for place in places}
        school_of = dict(sorted((role.person, role.org) for role in self._holders({STUDENT}.__contains__)))
        return {one: _pupil(self.people[one], class_of.get(one), org) for one, org in school_of.items()}

    @cached_property
    def guardians(self) -> Mapping[str, Guardian]:
        adults = {role.person for role in self._holders(GUARDIAN_ROLES.__contains__)}
        links = {(person.source_id, agent) for person in self.people.values() for agent in person.agents}
        children = _grouped(
            (adult, child)
            for one, other in links
            for adult, child in ((one, other), (other, one))
            if adult in adults and child in self.pupils and adult != child
        )
        return {one: self._guardian(self.people[one], children.get(one, ())) for one in sorted(adults)}

    def _guardian(self, person: Person, children: tuple[str, ...]) -> Guardian:
        placed = tuple(child for child in children if self.pupils[child].class_id is not None)
        return Guardian(person.source_id, *_called(person), children, placed)

    @cached_property
    def staff(self) -> Mapping[str, StaffMember]:
        posts = _grouped((role.person, (role.org, role.role)) for role in self._holders(lambda r: r not in NOT_STAFF))
        led = _grouped((place.person, place.class_id) for place in self._members("teacher") if place.primary)
        return {
            one: StaffMember(one, *_called(self.people[one]), held, led.get(one, ())) for one, held in posts.items()
        }

    def _holders(self, wanted: Callable[[str], bool]) -> list[Role]:
        return [role for role in self.roles.values() if wanted(role.role) and role.person in self.people]

    def _members(self, role: str) -> list[Membership]:
        return [place for place in self.memberships.values() if place.role == role and place.class_id in self.classes]


def _called(person: Person) -> tuple[str, str, str]:
    return person.family_name, person.given_name, person.phone


def _pupil(person: Person, homeroom: SchoolClass | None, org: str) -> Pupil:
    grade, class_id, school = person.grade, None, org
    if homeroom is not None:
        grade, class_id, school = homeroom.grade, homeroom.source_id, homeroom.school
    return Pupil(
        person.source_id, person.family_name, person.given_name, person.student_number, grade, class_id, school
    )


Value = TypeVar("Value", str, tuple[str, str])


def _grouped(pairs: Iterable[tuple[str, Value]]) -> dict[str, tuple[Value, ...]]:
    """Sorted and without repetition, so that the order of rows in a file is never a change."""
    groups: dict[str, list[Value]] = {}
    for key, value in sorted(set(pairs)):
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}


def known_ids(directory: Directory) -> dict[str, set[str]]:
    """What `check_rows` may resolve references against when a bundle does not hold a file whole."""
    return {
        "orgs": {*directory.districts, *directory.schools},
        "orgs:school": {*directory.schools},
        "academicSessions": {*directory.school_years, *directory.terms},
        "academicSessions:schoolYear": {*directory.school_years},
        "classes": {*directory.classes},
        "users": {*directory.people},
    }

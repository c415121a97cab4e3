"""Reading the register of clearances."""

from collections.abc import Iterator, Sequence
from typing import Any

from services.vetting.people.queries import list_people, names_of
from services.vetting.tables import Person
from shared.messaging.work import Work

COLUMNS = ("person_id", "name", "category", "state", "reason_class", "valid_until")


def list_register(work: Work) -> list[Person]:
    """Everybody whom the caller may see, by category and id."""
    return list(work.session.scalars(list_people(work).order_by(Person.category, Person.id)))


def register_rows(work: Work, people: Sequence[Person]) -> Iterator[tuple[Any, ...]]:
    """The lines of the register, names opened; the caller logs the access. A date stands where a clearance does."""
    names = names_of(work, people)
    for one in people:
        until = one.valid_until if one.state == "CLEARED" else None
        yield one.id, names[one.id][0], one.category, one.state, one.reason_class, until

"""What is sealed about a person leaves vetting by doors of its own, and each has its few readers (INV-VET-12)."""

import pytest

from services.vetting.service import SERVICE
from shared.key_rotation import sealed_columns
from shared.web.door import Route
from shared.web.permissions import ROLES, permissions_of

ROUTES = [
    route
    for door in SERVICE.doors
    if door.name in ("people", "clearances", "checks", "conduct", "reviews")
    for route in door.routes
]
TABLES = {"people", "checks", "check_answers", "conduct_records", "review_requests"}
READERS = {
    "detail": {"vetting_officer"},
    "account": {"vetting_officer"},
    "statement": {"vetting_officer", "district_admin"},
    "name": {"vetting_officer"},
    "id_number": {"vetting_officer"},
}


def holders(route: Route) -> set[str]:
    return {role for role in ROLES if route.needs in permissions_of([role])}


def givers(field: str) -> list[Route]:
    """The doors whose reply has a field."""
    return [route for route in ROUTES if route.gives and field in route.gives().fields]


def test_every_sealed_column_is_spoken_of_here() -> None:
    sealed = [column for column in sealed_columns(SERVICE.tables) if column.table.name in TABLES]
    assert {column.name.removesuffix("_sealed") for column in sealed} == set(READERS)


@pytest.mark.parametrize("field", READERS)
def test_what_is_sealed_is_given_by_one_door_to_its_readers_alone(field: str) -> None:
    (door,) = givers(field)
    assert door.method == "GET"
    assert holders(door) == READERS[field]

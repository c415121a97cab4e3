"""No sealed column is overlooked when keys are rotated."""

import pytest
from sqlalchemy import LargeBinary

from shared.key_rotation import sealed_columns
from shared.runtime import SERVICES, load_service

IN_THE_OPEN = {"people.id_number_index", "check_answers.id_number_index"}
"""Bytes that are not sealed: what a blind index finds people by. It changes with the index key, not with this one."""


@pytest.mark.parametrize("service", SERVICES)
def test_every_column_of_bytes_is_declared_sealed_or_known_to_hold_something_else(service: str) -> None:
    tables = load_service(service).tables
    of_bytes = {str(one) for table in tables.sorted_tables for one in table.c if isinstance(one.type, LargeBinary)}
    assert of_bytes - IN_THE_OPEN == {str(column) for column in sealed_columns(tables)} != set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_sealed_column_is_named_by_its_field_and_stands_in_a_table_with_ids(service: str) -> None:
    for column in sealed_columns(load_service(service).tables):
        assert column.name.endswith("_sealed")
        assert [key.name for key in column.table.primary_key] == ["id"]

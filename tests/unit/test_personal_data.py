"""Sealed personal data: opens only where it was sealed, and is found only within its district."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.personal_data import CannotOpen, Keyring, normalized

OLD, NEW, INDEX = (bytes([number]) * 32 for number in (1, 2, 3))
BEFORE = Keyring(current="2025b", keys={"2025b": OLD}, index_key=INDEX)
AFTER = Keyring(current="2026a", keys={"2026a": NEW, "2025b": OLD}, index_key=INDEX)
ROW, OTHER_ROW = UUID(int=1), UUID(int=2)
DISTRICT, OTHER_DISTRICT = UUID(int=11), UUID(int=12)

fields = st.sampled_from(["name", "id_number", "phone"])


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


@given(row=st.uuids(), field=fields, value=st.text())
def test_what_was_sealed_opens_again_exactly_as_it_was(row: UUID, field: str, value: str) -> None:
    assert AFTER.open(row, field, AFTER.seal(row, field, value)) == value


def test_equal_values_seal_to_different_bytes_without_the_value_in_them() -> None:
    first, second = (AFTER.seal(ROW, "name", "欧阳修") for _ in range(2))
    assert first != second
    assert "欧阳修".encode() not in first


@given(value=st.text(max_size=20), data=st.data())
def test_a_change_of_any_byte_is_refused(value: str, data: st.DataObject) -> None:
    sealed = bytearray(AFTER.seal(ROW, "name", value))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotOpen):
        AFTER.open(ROW, "name", bytes(sealed))


@given(value=st.text(max_size=20), data=st.data())
def test_a_shortened_value_is_refused(value: str, data: st.DataObject) -> None:
    sealed = AFTER.seal(ROW, "name", value)
    with pytest.raises(CannotOpen):
        AFTER.open(ROW, "name", sealed[: data.draw(st.integers(0, len(sealed) - 1))])


@given(noise=st.binary(max_size=80))
def test_bytes_that_were_never_sealed_are_refused(noise: bytes) -> None:
    with pytest.raises(CannotOpen):
        AFTER.open(ROW, "name", noise)


def test_a_value_copied_to_another_row_or_field_is_refused() -> None:
    sealed = AFTER.seal(ROW, "name", "欧阳修")
    with pytest.raises(CannotOpen):
        AFTER.open(OTHER_ROW, "name", sealed)
    with pytest.raises(CannotOpen):
        AFTER.open(ROW, "phone", sealed)


def test_a_value_under_a_key_that_was_taken_away_is_refused() -> None:
    sealed = AFTER.seal(ROW, "name", "欧阳修")
    with pytest.raises(CannotOpen, match="unknown key"):
        BEFORE.open(ROW, "name", sealed)


def test_rotation_reseals_what_is_under_an_old_key_and_leaves_the_rest() -> None:
    sealed = BEFORE.seal(ROW, "name", "欧阳修")
    assert AFTER.open(ROW, "name", sealed) == "欧阳修"
    resealed = AFTER.reseal(ROW, "name", sealed)
    assert resealed is not None
    without_the_old_key = Keyring(current="2026a", keys={"2026a": NEW}, index_key=INDEX)
    assert without_the_old_key.open(ROW, "name", resealed) == "欧阳修"
    assert AFTER.reseal(ROW, "name", resealed) is None


def test_rotation_does_not_launder_a_value_from_another_row() -> None:
    with pytest.raises(CannotOpen):
        AFTER.reseal(OTHER_ROW, "name", BEFORE.seal(ROW, "name", "欧阳修"))


@pytest.mark.parametrize(
    ("written", "searched"),
    [("11010519491231002X", " １１０１０５ 19491231002ｘ"), ("欧阳修", "欧阳\u3000修"), ("Li Ming", "LIMING")],
)
def test_the_index_finds_a_value_however_it_was_typed(written: str, searched: str) -> None:
    assert AFTER.blind_index(DISTRICT, "name", written) == AFTER.blind_index(DISTRICT, "name", searched)


@given(one=st.text(), other=st.text())
def test_the_index_tells_different_values_apart(one: str, other: str) -> None:
    same = AFTER.blind_index(DISTRICT, "name", one) == AFTER.blind_index(DISTRICT, "name", other)
    assert same == (normalized(one) == normalized(other))


def test_the_index_links_nothing_across_districts_fields_or_keys() -> None:
    rekeyed = Keyring(current="2026a", keys={"2026a": NEW}, index_key=bytes([4]) * 32)
    indexes = {
        AFTER.blind_index(DISTRICT, "phone", "13800000000"),
        AFTER.blind_index(OTHER_DISTRICT, "phone", "13800000000"),
        AFTER.blind_index(DISTRICT, "id_number", "13800000000"),
        rekeyed.blind_index(DISTRICT, "phone", "13800000000"),
    }
    assert len(indexes) == 4


def test_the_index_outlives_the_rotation_of_the_sealing_key() -> None:
    assert BEFORE.blind_index(DISTRICT, "phone", "1") == AFTER.blind_index(DISTRICT, "phone", "1")


def test_a_keyring_is_read_from_one_line() -> None:
    line = f"2026a:{encoded(NEW)},2025b:{encoded(OLD)};index:{encoded(INDEX)}"
    assert Keyring.parse(line) == AFTER


SECRET = encoded(bytes(range(100, 132)))


@pytest.mark.parametrize(
    "line",
    [
        "",
        SECRET,
        f"2026a:{SECRET}",
        f"2026a:{SECRET};",
        f"2026a:{SECRET};{SECRET}",
        f"2026a:{SECRET};2025b:{encoded(OLD)}",
        f"{SECRET}:2026a;index:{encoded(INDEX)}",
        f"2026a:{SECRET[:-4]};index:{encoded(INDEX)}",
        f"2026a:{SECRET}!;index:{encoded(INDEX)}",
        f"2026a:密{SECRET};index:{encoded(INDEX)}",
        f"2026a:{SECRET},2026a:{encoded(OLD)};index:{encoded(INDEX)}",
        f"2026a:{SECRET};index:{SECRET}",
        f"2026a:{SECRET},;index:{encoded(INDEX)}",
    ],
)
def test_a_faulty_line_is_refused_without_showing_a_key(line: str) -> None:
    with pytest.raises(ValueError, match=r"^keyring: ") as refusal:
        Keyring.parse(line)
    assert SECRET[:12] not in str(refusal.value)


def test_a_keyring_that_is_printed_shows_no_key() -> None:
    shown = repr(AFTER)
    assert "2026a" in shown
    assert repr(NEW) not in shown
    assert repr(INDEX) not in shown

"""A bundle that is broken is refused whole; one that is not opens, whatever its encoding."""

import json
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enrollment.directory import bundle as bundles
from services.enrollment.directory.bundle import read_bundle
from services.enrollment.directory.mapping import to_directory
from services.enrollment.directory.one_roster import COLUMNS, FILES
from services.enrollment.directory.problems import BROKEN, LANGUAGES, SENTENCES, BrokenBundle, Problem
from services.enrollment.directory.row_checks import check_rows
from tests.builders import rostering
from tests.builders.rostering import pack, zipped

ORGS = {"orgs": [{"sourcedId": "d-1", "name": "鹤壁市教育体育局", "type": "district"}]}
HEADER = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"


def faults(data: bytes) -> list[Problem]:
    with pytest.raises(BrokenBundle) as caught:
        read_bundle(data)
    return caught.value.problems


def damaged() -> bytes:
    data = bytearray(pack(ORGS))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        member = archive.getinfo("orgs.csv")
    start = member.header_offset + 30 + len(member.filename)
    data[start : start + 8] = b"\xff" * 8
    return bytes(data)


def encrypted() -> bytes:
    data = bytearray(pack(ORGS))
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 0x1
    return bytes(data)


def twice(name: str) -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return pack(ORGS, extra_files=[(name, b"")])


def with_orgs(text: bytes) -> bytes:
    return pack({}, manifest={"file.orgs": "bulk"}, extra_files=[("orgs.csv", text)])


BREAKING: dict[str, tuple[Callable[[], bytes], Problem]] = {
    "not_a_zip": (lambda: b"sourcedId,name\r\n", Problem("", 0, "", "not_a_zip")),
    "file_damaged": (damaged, Problem("orgs", 0, "", "file_damaged")),
    "packing_unsupported": (encrypted, Problem("manifest.csv", 0, "", "packing_unsupported")),
    "path_in_name": (
        lambda: pack(ORGS, extra_files=[("../users.csv", b"")]),
        Problem("../users.csv", 0, "", "path_in_name"),
    ),
    "unknown_file": (
        lambda: pack(ORGS, extra_files=[("Users.csv", b"")]),
        Problem("Users.csv", 0, "", "unknown_file"),
    ),
    "duplicate_file": (lambda: twice("orgs.csv"), Problem("orgs", 0, "", "duplicate_file")),
    "not_decodable": (lambda: with_orgs(b"\x81"), Problem("orgs", 0, "", "not_decodable")),
    "not_csv": (lambda: with_orgs(f'{HEADER}\r\n"d-1'.encode()), Problem("orgs", 2, "", "not_csv")),
    "manifest_missing": (lambda: zipped([("orgs.csv", b"")]), Problem("manifest", 0, "", "manifest_missing")),
    "property_unknown": (
        lambda: pack(ORGS, manifest={"file.pupils": "bulk"}),
        Problem("manifest", 26, "file.pupils", "property_unknown", "bulk"),
    ),
    "property_duplicate": (
        lambda: zipped([("manifest.csv", manifest() + b"file.users,bulk\r\n")]),
        Problem("manifest", 26, "file.users", "property_duplicate", "bulk"),
    ),
    "property_missing": (
        lambda: pack(ORGS, manifest={"file.results": None}),
        Problem("manifest", 0, "file.results", "property_missing"),
    ),
    "version_unsupported": (
        lambda: pack(ORGS, manifest={"oneroster.version": "1.1"}),
        Problem("manifest", 3, "oneroster.version", "version_unsupported", "1.1"),
    ),
    "mode_unknown": (
        lambda: pack(ORGS, manifest={"file.users": "full"}),
        Problem("manifest", 9, "file.users", "mode_unknown", "full"),
    ),
    "listed_but_missing": (
        lambda: pack(ORGS, manifest={"file.users": "bulk"}),
        Problem("users", 0, "", "listed_but_missing"),
    ),
    "present_but_absent": (
        lambda: pack(ORGS, manifest={"file.orgs": "absent"}),
        Problem("orgs", 0, "", "present_but_absent"),
    ),
    "header_wrong": (
        lambda: pack(ORGS, headers={"orgs": HEADER.replace("name,type", "type,name")}),
        Problem("orgs", 1, "name", "header_wrong", "type"),
    ),
}


def manifest() -> bytes:
    with zipfile.ZipFile(BytesIO(pack({}))) as archive:
        return archive.read("manifest.csv")


@pytest.mark.parametrize("code", BREAKING)
def test_a_broken_bundle_is_refused_whole_and_says_where(code: str) -> None:
    build, problem = BREAKING[code]
    assert problem in faults(build())


def test_every_way_to_break_a_bundle_is_tested() -> None:
    assert {*BREAKING, "too_large"} == set(BROKEN)


def test_a_bundle_too_large_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "UNPACKED_LIMIT", 1000)
    assert read_bundle(pack(ORGS)).rows["orgs"]
    assert faults(with_orgs(b"x" * 1000)) == [Problem("", 0, "", "too_large", "1000")]


def test_a_file_that_lies_about_its_size_is_not_inflated() -> None:
    size = 50_000_000
    data = with_orgs(bytes(size)).replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    tracemalloc.start()
    try:
        assert faults(data) == [Problem("orgs", 0, "", "file_damaged")]
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_all_faults_that_can_be_seen_at_once_are_told_at_once() -> None:
    found = faults(pack(ORGS, manifest={"file.users": "full", "file.roles": None, "file.pupils": "bulk"}))
    assert {problem.code for problem in found} == {"mode_unknown", "property_missing", "property_unknown"}


def test_the_headers_are_those_of_the_standard() -> None:
    assert ",".join(column.name for column in COLUMNS["orgs"]) == HEADER
    assert ",".join(column.name for column in COLUMNS["users"]) == (
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,"
        "sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,"
        "preferredFamilyName,primaryOrgSourcedId,pronouns"
    )
    assert ",".join(column.name for column in COLUMNS["classes"]) == (
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
        "termSourcedIds,subjects,subjectCodes,periods"
    )
    assert ",".join(column.name for column in COLUMNS["enrollments"]) == (
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
    )
    assert ",".join(column.name for column in COLUMNS["roles"]) == (
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
        "userProfileSourcedId"
    )
    assert len(FILES) == len(set(FILES)) == 21


def test_columns_of_a_district_s_own_stand_at_the_end_and_are_passed_over() -> None:
    data = pack(ORGS, headers={"orgs": f"{HEADER},metadata.region,metadata.note"})
    assert "metadata.region" not in read_bundle(data).rows["orgs"][0].values
    assert faults(pack(ORGS, headers={"orgs": f"{HEADER},region"}))[0].value == "region"
    assert faults(pack(ORGS, headers={"orgs": f"{HEADER},metadata.a,metadata.a"}))[0].value == "metadata.a"
    assert faults(pack(ORGS, headers={"orgs": f"metadata.a,{HEADER}"}))[0].value == "metadata.a"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_names_are_read_in_the_encodings_that_schools_use(encoding: str) -> None:
    assert read_bundle(pack(ORGS, encoding=encoding)).rows["orgs"][0]["name"] == "鹤壁市教育体育局"


def test_a_row_keeps_the_number_of_its_first_line() -> None:
    rows = read_bundle(with_orgs(f'{HEADER}\r\n\r\nd-1,,,"a\r\nb",x,,\r\nd-2,,,b,x,,\r\n'.encode())).rows["orgs"]
    assert [(row["sourcedId"], row.line) for row in rows] == [("d-1", 3), ("d-2", 5)]


def test_a_password_is_dropped_on_reading() -> None:
    rows = rostering.tables(1, schools=1, pupils=1, district_name="鹤壁市", **rostering.TERM)
    for row in rows["users"]:
        row["password"] = "hunter2"
    bundle = read_bundle(pack(rows))
    assert bundle.rows["users"]
    assert "hunter2" not in repr(bundle) + repr(check_rows(bundle)) + repr(to_directory(check_rows(bundle)))


@pytest.mark.parametrize("file", ["demographics", "results"])
def test_files_that_we_have_no_use_for_stay_closed(file: str) -> None:
    data = pack(ORGS, manifest={f"file.{file}": "bulk"}, extra_files=[(f"{file}.csv", b"\x81 anything")])
    assert set(read_bundle(data).rows) == {"orgs"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", SENTENCES)
def test_every_problem_has_a_sentence_and_a_json_form(code: str, language: str) -> None:
    problem = Problem("users", 7, "givenName", code, "{odd}")
    assert "{field}" not in problem.sentence(language) and "{value}" not in problem.sentence(language)
    assert Problem(**json.loads(json.dumps(asdict(problem)))) == problem


def survives(data: bytes) -> None:
    """Any input ends as a bundle refused or a directory, never as another exception."""
    try:
        bundle = read_bundle(data)
    except BrokenBundle as broken:
        assert broken.problems
    else:
        to_directory(check_rows(bundle))


@given(st.binary(max_size=400))
def test_any_bytes_are_a_bundle_or_broken(data: bytes) -> None:
    survives(data)


WHOLE = rostering.bundle(1, schools=1, pupils=3)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6), st.data())
def test_any_damage_to_a_good_bundle_is_a_bundle_or_broken(flips: list[tuple[int, int]], data: st.DataObject) -> None:
    changed = bytearray(WHOLE)
    for place, value in flips:
        changed[place] = value
    survives(bytes(changed[: data.draw(st.integers(0, len(WHOLE)))] if data.draw(st.booleans()) else changed))


TOKENS = ["", "d-1", "s-1", "true", "01", "2026", "2026-09-01", "school", "term", "homeroom", "student", "{xueji:G1}"]
CELLS = st.sampled_from(TOKENS) | st.text(max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_rows_under_good_headers_become_a_directory(data: st.DataObject) -> None:
    rows = {
        file: data.draw(st.lists(st.fixed_dictionaries({column.name: CELLS for column in columns}), max_size=3))
        for file, columns in COLUMNS.items()
    }
    mode = data.draw(st.sampled_from(["bulk", "delta"]))
    survives(pack(rows, mode))


@given(st.binary(max_size=200))
def test_any_bytes_as_a_file_or_manifest_are_a_bundle_or_broken(content: bytes) -> None:
    survives(with_orgs(content))
    survives(with_orgs(f"{HEADER}\r\n".encode() + content))
    survives(zipped([("manifest.csv", content)]))

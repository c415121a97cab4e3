"""Checks: what a person needs, what a hit does and who may read it, results by the file, reminders."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.vetting import StaffBlocked, StaffCleared, StaffExpired
from shared.events import data_of
from shared.ids import new_id
from tests.bench.recorded import recording
from tests.builders import staff
from tests.world import World

SERVICES = ("vetting",)
V = "/vetting/v1"
HEADING = "person_id,id_number,kind,result,as_of,evidence_ref,detail,bars_until"
FOUND = "某年某月因某罪被判处有期徒刑"


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    return world


def under_review(world: World) -> UUID:
    person = staff.listed(world, world.schools[0])
    world.as_("academic_affairs").post(f"{V}/people/{person}/start-review", {"consent": True})
    return person


def needed(world: World, person: UUID) -> dict[str, str]:
    items = world.as_("vetting_officer").get(f"{V}/people/{person}/needed-checks")["items"]
    return {item["kind"]: item["state"] for item in items}


def state(world: World, person: UUID) -> str:
    return str(world.as_("vetting_officer").get(f"{V}/people/{person}")["state"])


def submitted(world: World, person: UUID, kind: str) -> str:
    officer = world.as_("vetting_officer")
    check = officer.post(f"{V}/checks", {"person_id": person, "kind": kind})
    officer.post(f"{V}/checks/{check['id']}/submit")
    return f"{V}/checks/{check['id']}"


def hit(world: World, person: UUID, kind: str = "SEX_OFFENCE_QUERY", **more: Any) -> str:
    path = submitted(world, person, kind)
    body = {"result": "HIT", "as_of": world.first_day, "evidence_ref": "answer-7", "detail": FOUND} | more
    world.as_("vetting_officer").post(f"{path}/record-result", body)
    return path


def upload(world: World, *lines: str, encoding: str = "utf-8") -> dict[str, Any]:
    """Hand in a file of results and run its job to the end; the job."""
    officer = world.as_("vetting_officer")
    content = "\n".join((HEADING, *lines)).encode(encoding)
    reply = officer.request("POST", f"{V}/check-results", content=content)
    assert reply.status_code == 202, reply.text
    world.run_jobs("vetting")
    job: dict[str, Any] = officer.get(f"{V}/jobs/{reply.json()['id']}")
    assert job["state"] == "done", job
    return job


def test_what_a_person_needs_is_computed_from_the_profile_and_follows_each_check(district: World) -> None:
    person = under_review(district)
    assert needed(district, person) == dict.fromkeys(staff.TEACHER_CHECKS, "NEEDED")
    path = submitted(district, person, "IDENTITY")
    assert needed(district, person)["IDENTITY"] == "SUBMITTED"
    body = {"result": "CLEAR", "as_of": district.first_day, "evidence_ref": "d"}
    district.as_("vetting_officer").post(f"{path}/record-result", body)
    assert needed(district, person)["IDENTITY"] == "CLEAR"
    assert district.read("vetting", "SELECT count(*) FROM checks WHERE person_id = :p", p=person) == [(1,)]


def test_a_second_check_of_a_kind_waits_for_the_first(district: World) -> None:
    person = under_review(district)
    submitted(district, person, "IDENTITY")
    refusal = district.as_("vetting_officer").refused(f"{V}/checks", {"person_id": person, "kind": "IDENTITY"})
    assert refusal["code"] == "check_open"


def test_nobody_records_a_result_about_themselves(district: World) -> None:
    person = under_review(district)
    path = submitted(district, person, "IDENTITY")
    body = {"result": "CLEAR", "as_of": district.first_day, "evidence_ref": "d"}
    refusal = district.as_("vetting_officer", person=person).refused(f"{path}/record-result", body)
    assert refusal["code"] == "same_person"


def test_a_result_is_out_of_date_after_the_profiles_days(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    district.set_time(district.at(12, day=365))
    staff.let_time_act(district)
    assert set(needed(district, person).values()) == {"CLEAR"}
    district.set_time(district.at(0, day=366))
    staff.let_time_act(district)
    assert set(needed(district, person).values()) == {"EXPIRED"}
    assert state(district, person) == "EXPIRED"


def test_a_hit_is_a_statutory_bar_and_no_later_answer_clears_the_person(district: World) -> None:
    """INV-VET-05."""
    person = staff.cleared(district, district.schools[0])
    hit(district, person)
    officer = district.as_("vetting_officer")
    (record,) = officer.all(f"{V}/conduct-records", person_id=person)
    assert (record["kind"], record["state"], record["effective_until"]) == ("STATUTORY_BAR", "SUBSTANTIATED", None)
    district.set_time(district.at(8, day=3650))
    staff.let_time_act(district)
    office = district.as_("academic_affairs")
    refusal = office.refused(f"{V}/people/{person}/start-review", {"consent": True})
    assert (refusal["code"], refusal["gate"]) == ("person_blocked", "G-CLEAR")
    assert state(district, person) == "BLOCKED"


def test_a_hit_that_the_law_bars_nobody_for_ends_a_clearance_without_stigma(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    hit(district, person, "TEACHER_QUALIFICATION", detail=None)
    found = district.as_("vetting_officer").get(f"{V}/people/{person}")
    assert (found["state"], found["reason_class"]) == ("EXPIRED", "EXPIRED")
    assert isinstance(district.said("vetting")[-1], StaffExpired)


def test_what_a_hit_found_is_sealed_read_by_officers_alone_and_each_reading_is_logged(district: World) -> None:
    """INV-VET-12."""
    person = staff.cleared(district, district.schools[0])
    path = hit(district, person)
    assert district.as_("vetting_officer").get(f"{path}/detail") == {"detail": FOUND}
    sql = "SELECT subjects FROM access_log WHERE purpose = 'vetting.check_detail' AND district_id = :d"
    assert district.read("vetting", sql, d=district.district) == [([person],)]
    for role in ("district_admin", "principal", "academic_affairs", "instructor", "inspector"):
        district.as_(role, person=person).get(f"{path}/detail", expect=403)
    (sealed,) = district.read(
        "vetting", "SELECT detail_sealed FROM checks WHERE detail_sealed IS NOT NULL AND person_id = :p", p=person
    )
    assert FOUND.encode() not in bytes(sealed[0])


def test_no_event_and_no_other_door_tells_what_a_hit_found(district: World) -> None:
    """INV-VET-12."""
    person = staff.cleared(district, district.schools[0])
    hit(district, person)
    said = str([data_of(event) for event in district.said("vetting")])
    assert FOUND not in said
    assert "answer-7" not in said
    officer, admin = district.as_("vetting_officer"), district.as_("district_admin")
    told = [
        officer.get(f"{V}/checks", person_id=person),
        admin.get(f"{V}/conduct-records", person_id=person),
        admin.get(f"{V}/written-notices", person_id=person),
        district.as_("principal", school=district.schools[0]).get(f"{V}/people/{person}"),
    ]
    assert FOUND not in str(told)
    assert told[3]["reason_class"] == "STATUTORY"


def test_only_a_hit_comes_with_what_was_found(district: World) -> None:
    path = submitted(district, under_review(district), "IDENTITY")
    body = {"result": "CLEAR", "as_of": district.first_day, "evidence_ref": "d", "detail": "x"}
    problem = district.as_("vetting_officer").refused(f"{path}/record-result", body, status=422)
    assert problem["errors"] == {"detail": "for_a_hit_only"}


# Results by the file


def test_a_file_of_results_clears_by_id_and_by_id_number_and_says_what_became_of_each_line(district: World) -> None:
    person, other, stranger = under_review(district), under_review(district), new_id()
    identity = {"name": "欧阳晓明", "id_number": "11010519491231002X"}
    district.as_("academic_affairs").post(f"{V}/people/{other}/record-identity", identity)
    day = district.first_day
    lines = [
        *(f"{person},,{kind},CLEAR,{day},doc-{kind}" for kind in staff.TEACHER_CHECKS),
        f",11010519491231002x,IDENTITY,CLEAR,{day},doc-2",
        f"{stranger},,IDENTITY,CLEAR,{day},doc-3",
        f"{person},,NO_SUCH_KIND,CLEAR,{day},doc-4",
        f"{person},11010519491231002X,IDENTITY,CLEAR,{day},doc-5",
        f"{other},,VOCATIONAL_CERT,CLEAR,{day + timedelta(days=1)},doc-6",
        f",,IDENTITY,CLEAR,{day},doc-7",
    ]
    job = upload(district, *lines, encoding="gb18030")
    assert [(error["line"], error["code"]) for error in job["errors"]] == [
        (7, "person_unknown"),
        (8, "invalid_kind"),
        (9, "person_unknown"),
        (10, "date_in_future"),
        (11, "invalid_person"),
    ]
    assert set(needed(district, person).values()) == {"CLEAR"}
    assert needed(district, other)["IDENTITY"] == "CLEAR"
    outcomes = district.as_("vetting_officer").all(f"{V}/check-results", batch_id=job["result"]["batch_id"])
    assert [item["outcome"] for item in outcomes[:6]] == ["RECORDED"] * 5 + ["person_unknown"]
    district.as_("vetting_officer").post(f"{V}/people/{person}/clear")


def test_the_same_file_again_changes_nothing(district: World) -> None:
    person = under_review(district)
    lines = [f"{person},,{kind},CLEAR,{district.first_day},doc-1" for kind in staff.TEACHER_CHECKS]
    upload(district, *lines)
    job = upload(district, *lines)
    outcomes = district.as_("vetting_officer").all(f"{V}/check-results", batch_id=job["result"]["batch_id"])
    assert {item["outcome"] for item in outcomes} == {"REPEATED"}
    assert district.read("vetting", "SELECT count(*) FROM checks WHERE person_id = :p", p=person) == [(4,)]


def test_a_hit_in_a_file_blocks_in_the_name_of_the_officer_who_brought_it(district: World) -> None:
    person, officer = staff.cleared(district, district.schools[0]), new_id()
    line = f"{person},,SEX_OFFENCE_QUERY,HIT,{district.first_day},answer-9,{FOUND}"
    content = "\n".join((HEADING, line)).encode()
    district.as_("vetting_officer", person=officer).request("POST", f"{V}/check-results", content=content)
    district.run_jobs("vetting")
    assert state(district, person) == "BLOCKED"
    (notice,) = district.read("vetting", "SELECT decided_by FROM written_notices WHERE person_id = :p", p=person)
    assert notice == (str(officer),)
    sql = "SELECT detail_sealed FROM check_answers WHERE person_id = :p"
    assert district.read("vetting", sql, p=person) == [(None,)]


def test_nobody_clears_their_own_check_by_a_file(district: World) -> None:
    person = under_review(district)
    content = "\n".join((HEADING, f"{person},,IDENTITY,CLEAR,{district.first_day},doc-1")).encode()
    officer = district.as_("vetting_officer", person=person)
    job = officer.request("POST", f"{V}/check-results", content=content).json()
    district.run_jobs("vetting")
    assert officer.get(f"{V}/jobs/{job['id']}")["errors"] == [{"line": 2, "code": "same_person"}]
    assert needed(district, person)["IDENTITY"] == "NEEDED"


def test_no_answer_is_kept_about_somebody_who_did_not_consent(district: World) -> None:
    person = staff.listed(district, district.schools[0])
    job = upload(district, f"{person},,IDENTITY,CLEAR,{district.first_day},doc-1")
    assert job["errors"] == [{"line": 2, "code": "consent_missing"}]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"kind,result\n", "columns_missing"), (b"\xff\xfe\xff", "encoding_unknown")],
)
def test_a_file_that_cannot_be_read_is_refused_whole(district: World, content: bytes, code: str) -> None:
    reply = district.as_("vetting_officer").request("POST", f"{V}/check-results", content=content)
    assert (reply.status_code, reply.json()["errors"]) == (422, {"file": code})
    sql = "SELECT count(*) FROM check_answers WHERE district_id = :d"
    assert district.read("vetting", sql, d=district.district) == [(0,)]


# The yearly re-check (S14)


def reminders(world: World, person: UUID) -> int:
    sql = "SELECT count(*) FROM notifications WHERE person_id = :p AND template = 'clearance_ends_soon'"
    return int(world.read("vetting", sql, p=person)[0][0])


def test_a_clearance_that_ends_soon_is_spoken_of_sixty_thirty_and_seven_days_before(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    seen = []
    for before in (61, 60, 31, 30, 8, 7, 1):
        district.set_time(district.at(9, day=365 - before))
        staff.let_time_act(district)
        seen.append(reminders(district, person))
    assert seen == [0, 1, 1, 2, 2, 3, 3]


def test_a_re_check_in_time_gives_a_new_date_and_epoch_and_moves_the_reminders(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    district.set_time(district.at(9, day=320))
    staff.let_time_act(district)
    today = district.first_day + timedelta(days=320)
    upload(district, *(f"{person},,{kind},CLEAR,{today},doc-2" for kind in staff.TEACHER_CHECKS))
    cleared = district.as_("vetting_officer").post(f"{V}/people/{person}/clear")
    assert (cleared["valid_until"], cleared["clearance_epoch"]) == ((today + timedelta(days=365)).isoformat(), 2)
    assert isinstance(district.said("vetting")[-1], StaffCleared)
    district.set_time(district.at(9, day=366))
    staff.let_time_act(district)
    assert (state(district, person), reminders(district, person)) == ("CLEARED", 1)


def test_what_is_due_is_asked_for_together_and_goes_to_the_authority_as_a_file(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    identity = {"name": "=HYPERLINK(1)", "id_number": "11010519491231002X"}
    district.as_("academic_affairs").post(f"{V}/people/{person}/record-identity", identity)
    fresh, officer = under_review(district), district.as_("vetting_officer")
    rows: list[dict[str, str]] = []
    for day, expected in ((100, {fresh}), (310, {fresh, person})):
        district.set_time(district.at(9, day=day))
        for _ in range(2):  # what is under way is not asked for twice
            job = officer.post(f"{V}/checks/request-due")
            district.run_jobs("vetting")
            assert officer.get(f"{V}/jobs/{job['id']}")["state"] == "done"
        reply = officer.request("GET", f"{V}/requested-checks.csv")
        rows = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
        assert {UUID(row["person_id"]) for row in rows} == expected
        assert len(rows) == 4 * len(expected)
    (row, *_) = [row for row in rows if row["person_id"] == str(person)]
    assert (row["name"], row["id_number"]) == ("'=HYPERLINK(1)", "11010519491231002X")
    sql = "SELECT count(*) FROM access_log WHERE purpose = 'vetting.requested_checks' AND :p = ANY(subjects)"
    assert district.read("vetting", sql, p=person) == [(1,)]
    district.as_("academic_affairs").get(f"{V}/requested-checks.csv", expect=403)


def test_a_file_that_came_back_filled_in_closes_what_was_asked_for(district: World) -> None:
    person, officer = under_review(district), district.as_("vetting_officer")
    officer.post(f"{V}/checks/request-due")
    district.run_jobs("vetting")
    upload(district, *(f"{person},,{kind},CLEAR,{district.first_day},doc-1" for kind in staff.TEACHER_CHECKS))
    checks = officer.all(f"{V}/checks", person_id=person)
    assert [check["state"] for check in checks] == ["CLEAR"] * 4
    assert officer.get(f"{V}/people/{person}")["state"] == "UNDER_REVIEW"
    assert date.fromisoformat(officer.post(f"{V}/people/{person}/clear")["valid_until"]) > district.first_day


def test_a_hit_is_said_to_the_others_as_a_class_alone(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    hit(district, person)
    (blocked,) = [said for said in district.said("vetting") if isinstance(said, StaffBlocked)]
    assert blocked.reason_class == "STATUTORY"


def test_a_file_of_fifty_lines_costs_as_many_statements_as_one_of_ten(district: World) -> None:
    people = [under_review(district) for _ in range(15)]
    line = f"CLEAR,{district.first_day},doc-1"
    lines = [f"{person},,{kind},{line}" for person in people for kind in staff.TEACHER_CHECKS]
    counts = []
    for some in (lines[:10], lines[10:]):
        content = "\n".join((HEADING, *some)).encode()
        district.as_("vetting_officer").request("POST", f"{V}/check-results", content=content)
        with recording(district.suite.nodes["vetting"].database.engine) as kept:
            district.run_jobs("vetting")
        counts.append([one.sql[:60] for one in kept])
    assert counts[0] == counts[1]

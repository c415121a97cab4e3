"""Keys are rotated while the services run, and nothing that was sealed is lost or overlooked."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, create_engine, text

from services.attendance.directory.handlers import NAMES
from services.vetting.tables import Person
from shared import key_rotation
from shared.caller import service_itself
from shared.cli import kehou
from shared.cli.keys import keys
from shared.ids import new_id
from shared.messaging import feed
from shared.messaging.work import open_work
from shared.personal_data import Keyring
from shared.runtime import SERVICES, load_service
from tests.builders import care, fees, rostering, staff
from tests.world import KEYRING, World

NEW = "new:MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="
OLD, INDEX = (
    "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "index:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
)
ROTATED = Keyring.parse(f"{NEW},{OLD};{INDEX}")
BACK = Keyring.parse(f"{OLD},{NEW};{INDEX}")
NAME = "欧阳晓明"

Owner = Callable[[str], Engine]


@pytest.fixture
def owner(world: World) -> Iterator[Owner]:
    """A service's database as its owner; afterwards everything is under the key of the other tests again."""
    engines = {name: create_engine(world.house.urls["owner"].format(service=name)) for name in SERVICES}
    yield engines.__getitem__
    for name, engine in engines.items():
        reseal(engine, BACK, name)
        engine.dispose()


def reseal(engine: Engine, keyring: Keyring, service: str = "vetting") -> list[key_rotation.Resealed]:
    return list(key_rotation.reseal(engine, keyring, load_service(service).tables))


def keys_in_use(engine: Engine, service: str = "vetting") -> set[str]:
    with engine.connect() as connection:
        return {key for _, key, _ in key_rotation.count_by_key(connection, load_service(service).tables)}


def identified(world: World, number: int = 0) -> UUID:
    """A person whose name and ID number are recorded."""
    person, first_17 = staff.listed(world, world.schools[0]), f"1101051949123100{number}"
    identity = {"name": NAME, "id_number": first_17 + rostering.check_digit(first_17)}
    world.as_("academic_affairs").post(f"/vetting/v1/people/{person}/record-identity", identity)
    return person


def ask_for_re_check(world: World, person: UUID) -> None:
    """A hit with what was found, the same in a file that only waits, and what the person says to it."""
    officer, kind = world.as_("vetting_officer"), "SEX_OFFENCE_QUERY"
    world.as_("academic_affairs").post(f"/vetting/v1/people/{person}/start-review", {"consent": True})
    check = officer.post("/vetting/v1/checks", {"person_id": person, "kind": kind})
    officer.post(f"/vetting/v1/checks/{check['id']}/submit")
    hit = {"result": "HIT", "as_of": world.first_day, "evidence_ref": "d", "detail": "判决书"}
    officer.post(f"/vetting/v1/checks/{check['id']}/record-result", hit)
    file = f"person_id,kind,result,as_of,evidence_ref,detail\n{person},{kind},HIT,{world.first_day},d,判决书\n"
    assert officer.request("POST", "/vetting/v1/check-results", content=file.encode()).status_code == 202
    (notice,) = officer.all("/vetting/v1/written-notices", person_id=person)
    told = {"statement": "系同名同姓", "paper_ref": "d"}
    officer.post(f"/vetting/v1/written-notices/{notice['id']}/file-review", told)


def complain(world: World) -> None:
    """What a family says about a school of the register."""
    admin = world.as_("district_admin")
    admin.post("/enrollment/v1/policy-profiles", {"base": "p5-hebi", "effective_from": world.first_day})
    (school,) = admin.get("/enrollment/v1/schools")["items"]
    told = {"school_id": school["id"], "topic": "OTHER", "text": "接领处太挤", "happened_on": world.first_day}
    world.as_("guardian", person=new_id()).post("/enrollment/v1/complaints", told)


def look_into_incident(school: care.School) -> None:
    """What is said to have happened to a child, and what was found."""
    fall = {"happened_at": school.world.at(7), "severity": "MINOR", "account": "摔倒", "school_id": school.id}
    principal = school.as_("principal")
    path = "/attendance/v1/incidents"
    incident = principal.post(path, fall | {"pupil_ids": school.pupils[:1]})["id"]
    for verb, body in (("triage", {"severity": "MINOR"}), ("respond", None), ("notify-guardians", None)):
        principal.post(f"{path}/{incident}/{verb}", body)
    school.as_("leadership_member").post(f"{path}/{incident}/investigate", {"findings": "地面湿滑"})


def seal_everywhere(world: World) -> None:
    """At least one value in every sealed column of every service, through the doors."""
    for size in (20, 30):  # the second bundle only waits
        bundle = rostering.bundle(3, schools=1, pupils=size)
        staged = world.as_("district_admin").request("POST", "/enrollment/v1/imports", content=bundle).json()
        if size == 20:
            world.as_("district_admin").post(f"/enrollment/v1/imports/{staged['id']}/apply", {}, expect=202)
            world.run_jobs("enrollment")
    complain(world)
    care.open_term(world)
    feed.pull(world.suite.nodes["attendance"].database, world.suite.peers, NAMES)
    person = identified(world)
    staff.allegation(world, person)
    ask_for_re_check(world, person)
    breach = {"prohibition_code": "PB09", "target_kind": "SCHOOL", "target_id": world.schools[0]}
    told = {"happened_on": world.first_day, "account": "在校门口向家长推销课程", "evidence_ref": "d"}
    world.as_("inspector").post("/vetting/v1/compliance-cases", breach | told)
    school = care.build_school(world)
    pupil = school.pupils[0]
    guardian = school.as_("guardian", school.guardian_of[pupil])
    guardian.post("/attendance/v1/leave-requests", {"pupil_id": pupil, "on": world.first_day, "reason": "发烧"})
    collector = {"pupil_id": pupil, "kind": "STANDING", "valid_from": world.first_day, "relation": "外婆"}
    guardian.post("/attendance/v1/authorizations", collector | {"name": "王秀英", "phone": "+8613800000001"})
    seen = {"account": "课间发放传单", "evidence_ref": "d", "on": world.first_day, "school_id": school.id}
    school.as_("inspector").post("/attendance/v1/violations", breach | seen)
    look_into_incident(school)
    child = fees.child(world, world.schools[0])
    told = {"pupil_id": child.pupil, "basis": "ORPHAN", "evidence_ref": "doc", "consent": True}
    dates = {"starts_on": world.first_day, "ends_on": world.first_day + timedelta(days=100)}
    world.as_("guardian", person=child.guardian).post("/finance/v1/waivers", told | dates)


def test_every_sealed_value_of_every_service_comes_under_the_new_key(world: World, owner: Owner) -> None:
    seal_everywhere(world)
    for service in SERVICES:
        done = reseal(owner(service), ROTATED, service)
        assert {chunk.unopened for chunk in done} == {0}
        assert keys_in_use(owner(service), service) == {"new"}
        for column in key_rotation.sealed_columns(load_service(service).tables):
            sql = f"SELECT id, {column.name} FROM {column.table.name} WHERE {column.name} IS NOT NULL"
            values: list[Any] = world.read(service, f"{sql} AND district_id = :district", district=world.district)
            assert values, f"{column} was not staged"
            assert all(ROTATED.open(row, column.name.removesuffix("_sealed"), sealed) for row, sealed in values)
        assert reseal(owner(service), ROTATED, service) == []


def test_rows_are_resealed_in_chunks_and_a_run_that_was_cut_off_goes_on(
    world: World, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish_policy()
    people = [identified(world, number) for number in range(3)]
    monkeypatch.setattr(key_rotation, "CHUNK", 2)
    assert next(key_rotation.reseal(owner("vetting"), ROTATED, load_service("vetting").tables)).done in (1, 2)
    assert keys_in_use(owner("vetting")) == {"test", "new"}
    assert max(chunk.done for chunk in reseal(owner("vetting"), ROTATED)) == 2
    assert keys_in_use(owner("vetting")) == {"new"}
    reseal(owner("vetting"), BACK)
    assert world.as_("vetting_officer").get(f"/vetting/v1/people/{people[0]}/identity")["name"] == NAME


def test_a_row_that_somebody_is_changing_is_left_to_them_and_done_by_the_next_run(world: World, owner: Owner) -> None:
    world.publish_policy()
    person, database = identified(world), world.suite.nodes["vetting"].database
    with open_work(database, service_itself("vetting", world.district)) as work:
        row = work.get(Person, person, lock=True)
        row.name_sealed = KEYRING.seal(person, "name", "欧阳明")
        work.session.flush()
        reseal(owner("vetting"), ROTATED)
    assert keys_in_use(owner("vetting")) == {"test", "new"}
    reseal(owner("vetting"), ROTATED)
    ((sealed,),) = world.read("vetting", "SELECT name_sealed FROM people WHERE id = :id", id=person)
    assert ROTATED.open(person, "name", sealed) == "欧阳明"


def test_resealing_is_no_change_of_the_row(world: World, owner: Owner) -> None:
    world.publish_policy()
    person = identified(world)
    before = world.as_("vetting_officer").request("GET", f"/vetting/v1/people/{person}").headers["ETag"]
    reseal(owner("vetting"), ROTATED)
    assert world.as_("vetting_officer").request("GET", f"/vetting/v1/people/{person}").headers["ETag"] == before


def test_a_value_that_no_key_opens_is_counted_and_holds_up_no_other(world: World, owner: Owner) -> None:
    world.publish_policy()
    lost, _ = identified(world, 0), identified(world, 1)
    with owner("vetting").begin() as connection:
        (sealed,) = connection.execute(text("SELECT name_sealed FROM people WHERE id = :id"), {"id": lost}).one()
        foreign = sealed.replace(b"\4test", b"\4lost", 1)
        connection.execute(text("UPDATE people SET name_sealed = :to WHERE id = :id"), {"to": foreign, "id": lost})
    assert sum(chunk.unopened for chunk in reseal(owner("vetting"), ROTATED)) == 1
    assert keys_in_use(owner("vetting")) == {"new", "lost"}
    world.change("vetting", "DELETE FROM people WHERE id = :id", id=lost)


def test_an_operator_reseals_and_sees_that_nothing_is_left_under_the_old_key(world: World, owner: Owner) -> None:
    world.publish_policy()
    identified(world)
    settings = {"KEHOU_KEYRING": f"{NEW},{OLD};{INDEX}", "KEHOU_DATABASE_OWNER_URL": world.house.urls["owner"]}
    before = CliRunner().invoke(kehou, ["keys", "status", "vetting"], env=settings).output
    assert "people.name_sealed" in before
    assert "test" in before
    done = CliRunner().invoke(keys, ["reseal", "vetting"], env=settings)
    assert done.exit_code == 0, done.output
    assert "0 under other keys than new" in done.output
    after = CliRunner().invoke(kehou, ["keys", "status", "vetting"], env=settings).output
    assert "test" not in after


def test_no_append_only_table_holds_sealed_values(world: World) -> None:
    """It could never be resealed."""
    for service in SERVICES:
        sql = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'"
        append_only = {name for (name,) in world.read(service, sql)}
        assert "access_log" in append_only
        sealed = {column.table.name for column in key_rotation.sealed_columns(load_service(service).tables)}
        assert not sealed & append_only

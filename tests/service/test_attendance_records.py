"""What a term needs before it begins and when it ends."""

from datetime import time

import pytest

from shared.contracts.attendance import SafetyPackReady, TermArchiveSealed
from shared.contracts.enrollment import Slot
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, clause_ids, ready, said
from tests.world import World

SERVICES = ("attendance",)
API = "/attendance/v1"
EARLY = Slot(weekdays=(1, 2, 3, 4), starts=time(15, 30), ends=time(16, 30))


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world)
    return care.build_school(world)


@pytest.mark.clause("P5-4.3.2")
@pytest.mark.clause("P5-2.2.2")
def test_a_safety_pack_holds_every_system_of_the_profile(school: School) -> None:
    names = [
        "attendance",
        "supervision",
        "shift_handover",
        "gate_log",
        "venue_check",
        "emergency_plan",
        "hazard_removal",
    ]
    items = [{"name": name, "document_ref": f"doc-{name}"} for name in (*names, "pickup_rules")]
    body = {"school_id": school.id, "term_id": school.world.term}
    refusal = school.as_("principal").refused(f"{API}/safety-packs", body | {"items": items[:-2]})
    assert (refusal["code"], refusal["gate"]) == ("safety_pack_incomplete", "G-READY")
    assert {"P5-4.3.2", "P5-2.2.2"} <= set(clause_ids(refusal))
    assert "hazard_removal, pickup_rules" in refusal["detail"]
    school.as_("principal").post(f"{API}/safety-packs", body | {"items": items}, expect=201)
    (event,) = said(school, SafetyPackReady)
    assert set(event.items) == {*names, "pickup_rules"}


@pytest.mark.clause("P4-4.3.5")
@pytest.mark.clause("P4-4.3.6")
def test_a_term_is_sealed_when_each_class_has_its_record_of_each_week_and_changes_no_more(world: World) -> None:
    care.open_term(world, "p4-shuangjing")
    school = care.build_school(world, pupils=0, segment="class_activity", slot=EARLY)
    session = ready(school, at=(15, 25))
    school.check_in(session, school.teacher)
    for verb in ("open", "complete-roll-call", "begin-dismissal"):
        school.do(session, verb)
    which = {"school_id": school.id, "term_id": world.term}
    principal = school.as_("principal", new_id())
    principal_refused = principal.refused(f"{API}/term-archives", which)
    assert principal_refused["code"] == "sessions_running"
    school.do(session, "close", {"learning_minutes": 0})
    refusal = principal.refused(f"{API}/term-archives", which)
    assert (refusal["code"], clause_ids(refusal)) == ("records_missing", ["P4-4.3.5"])
    record = {"class_id": school.class_id, "term_id": world.term, "week": 1, "content": "阅读与手工"}
    assert (
        school.as_("class_teacher", new_id()).refused(f"{API}/activity-records", record)["code"] == "not_class_teacher"
    )
    teacher = school.as_("class_teacher", school.class_teacher)
    made = teacher.post(f"{API}/activity-records", record)
    school.as_("leadership_member").post(f"{API}/activity-records/{made['id']}/accept")
    principal.post(f"{API}/term-archives", which, expect=201)
    assert len(said(school, TermArchiveSealed)) == 1
    again = teacher.refused(f"{API}/activity-records", record | {"week": 2})
    assert (again["code"], clause_ids(again)) == ("archive_sealed", ["P4-4.3.6"])

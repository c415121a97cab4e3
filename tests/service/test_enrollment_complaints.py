"""Complaints: filed by a family, routed, answered in time by the school or the district, and nobody learns by whom."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.enrollment import ComplaintClosed, ComplaintOpened
from shared.contracts.vetting import ComplianceCaseClosed
from shared.ids import new_id
from tests.builders.enrollment import E, School, before_term, draft, file, links, of_type, survey, today
from tests.world import World

SERVICES = ("enrollment",)

C = f"{E}/complaints"
WORDS = "李老师收了我家孩子的教材费"
ANSWER = "已退还,并已约谈"
ANSWER_DAYS, OBJECTION_DAYS = 15, 7


@pytest.fixture
def school(world: World) -> School:
    return before_term(world, "p2-anhui", pupils=4)


def parent(school: School, number: int = 0) -> Any:
    return school.parent(links(school)[number])


def filed(school: School, by: Any = None, **changes: Any) -> str:
    """A complaint of a guardian; its id."""
    body = {"school_id": school.id, "topic": "FEE", "text": WORDS, "happened_on": today(school)}
    return str((by or parent(school)).post(C, body | changes)["id"])


def routed(school: School, complaint: str, service: str = "finance") -> str:
    school.office().post(f"{C}/{complaint}/acknowledge")
    school.office().post(f"{C}/{complaint}/route", {"service": service})
    return complaint


def answered(school: School, **changes: Any) -> str:
    """A complaint that the principal answered; its id."""
    complaint = routed(school, filed(school, **changes))
    school.principal().post(f"{C}/{complaint}/answer", {"text": ANSWER})
    return complaint


def admin(school: School, person: UUID | None = None) -> Any:
    return school.world.as_("district_admin", person=person)


def state(school: School, complaint: str) -> Any:
    return admin(school).get(f"{C}/{complaint}")["state"]


def actions(caller: Any, complaint: str) -> list[Any]:
    return [(one["action"], one["code"]) for one in caller.get(f"{C}/{complaint}/history")["steps"]]


def told(school: School) -> list[Any]:
    """What the complainant was told of, in order."""
    sql = (
        "SELECT facts ->> 'state' FROM notifications WHERE person_id = :p AND template = 'complaint_moved' ORDER BY id"
    )
    return [row[0] for row in school.world.read("enrollment", sql, p=UUID(links(school)[0]["guardian_id"]))]


def pass_days(school: School, days: int) -> None:
    school.world.set_time(school.world.at(8, day=days - 7))
    school.world.run_timers("enrollment")


def case_closed(school: School, source: UUID | str | None, outcome: str = "SANCTIONED") -> None:
    school.world.hear(
        ComplianceCaseClosed(
            district_id=school.world.district,
            case_id=new_id(),
            prohibition_code="PB04",
            target_kind="SCHOOL",
            source_id=None if source is None else UUID(str(source)),
            outcome=outcome,
        )
    )


# From the first word to the last


@pytest.mark.clause("P2-3.3.8")
def test_a_family_complains_and_gets_an_answer_in_writing(school: School) -> None:
    complaint = filed(school, prohibition_code="PB04", target_kind="SCHOOL", target_id=school.id)
    (said,) = of_type(school.world, ComplaintOpened)
    assert (str(said.complaint_id), said.topic, said.prohibition_code) == (complaint, "FEE", "PB04")
    assert (said.target_kind, said.target_id, said.on) == ("SCHOOL", school.id, today(school))
    routed(school, complaint)
    (waiting,) = school.principal().get(C, state="ROUTED", service="finance")["items"]
    assert waiting["answer_by"] == (today(school) + timedelta(days=ANSWER_DAYS)).isoformat()
    school.principal().post(f"{C}/{complaint}/answer", {"text": ANSWER})
    steps = parent(school).get(f"{C}/{complaint}/history")["steps"]
    assert [(one["action"], one["code"], one["text"]) for one in steps] == [
        ("file", None, WORDS),
        ("acknowledge", None, None),
        ("route", "finance", None),
        ("answer", None, ANSWER),
    ]
    assert of_type(school.world, ComplaintClosed) == []
    assert parent(school).post(f"{C}/{complaint}/accept")["state"] == "CLOSED"
    assert [str(event.complaint_id) for event in of_type(school.world, ComplaintClosed)] == [complaint]
    assert told(school) == ["ACKNOWLEDGED", "ANSWERED"]


@pytest.mark.clause("P2-3.3.8")
def test_the_parent_committee_complains_and_reads_its_answer(school: School) -> None:
    committee = school.world.as_("parent_committee", school=school.id, person=new_id())
    complaint = filed(school, committee, topic="SUGGESTION", text="希望增加阅读")
    routed(school, complaint, "enrollment")
    school.principal().post(f"{C}/{complaint}/answer", {"text": "下月开设"})
    assert committee.get(f"{C}/{complaint}/history")["steps"][-1]["text"] == "下月开设"


def test_what_went_to_the_wrong_service_is_routed_anew(school: School) -> None:
    complaint = routed(school, filed(school), "attendance")
    assert school.office().post(f"{C}/{complaint}/route", {"service": "finance"})["service"] == "finance"
    school.office().refused(f"{C}/{complaint}/acknowledge")


# Who answers


def test_who_is_complained_about_neither_sees_the_complaint_nor_answers_it(school: School) -> None:
    complaint = routed(school, filed(school, topic="STAFF", target_kind="PERSON", target_id=school.lead))
    oneself = school.world.as_("principal", school=school.id, person=school.lead)
    assert oneself.get(C)["items"] == []
    oneself.get(f"{C}/{complaint}/history", expect=404)
    for action, body in (("answer", {"text": ANSWER}), ("escalate", None)):
        assert oneself.refused(f"{C}/{complaint}/{action}", body, status=404)["code"] == "not_found"
    school.principal().post(f"{C}/{complaint}/answer", {"text": ANSWER})


def test_nobody_answers_their_own_complaint(school: School) -> None:
    person = new_id()
    complaint = routed(school, filed(school, school.world.as_("guardian", person=person)))
    oneself = school.world.as_("principal", school=school.id, person=person)
    assert oneself.refused(f"{C}/{complaint}/answer", {"text": ANSWER})["code"] == "same_person"


@pytest.mark.clause("P2-3.3.8")
@pytest.mark.parametrize("step", ["file", "acknowledge", "route"])
def test_a_complaint_that_nobody_answers_in_time_goes_to_the_district(school: School, step: str) -> None:
    complaint = filed(school)
    if step != "file":
        school.office().post(f"{C}/{complaint}/acknowledge")
    if step == "route":
        school.office().post(f"{C}/{complaint}/route", {"service": "finance"})
    pass_days(school, ANSWER_DAYS)
    assert state(school, complaint) != "ESCALATED"
    pass_days(school, ANSWER_DAYS + 1)
    assert state(school, complaint) == "ESCALATED"
    assert actions(parent(school), complaint)[-1] == ("escalate", "LATE")
    refusal = school.principal().refused(f"{C}/{complaint}/answer", {"text": ANSWER})
    assert refusal["code"] == "complaint_is_the_districts"
    assert admin(school).post(f"{C}/{complaint}/answer", {"text": ANSWER})["state"] == "ANSWERED"


def test_an_answer_in_time_keeps_the_district_out(school: School) -> None:
    complaint = answered(school)
    pass_days(school, ANSWER_DAYS + 1)
    assert ("escalate", "LATE") not in actions(parent(school), complaint)


def test_what_the_school_cannot_settle_it_leaves_to_the_district(school: School) -> None:
    complaint = filed(school)
    assert school.principal().post(f"{C}/{complaint}/escalate")["state"] == "ESCALATED"
    admin(school).post(f"{C}/{complaint}/answer", {"text": ANSWER})
    assert actions(parent(school), complaint)[1:] == [("escalate", "NOT_SETTLED"), ("answer", None)]
    assert told(school) == ["ESCALATED", "ANSWERED"]


# Whether the family is content


def test_a_family_objects_once_and_somebody_else_of_the_district_has_the_last_word(school: School) -> None:
    complaint, one, other = filed(school), new_id(), new_id()
    school.principal().post(f"{C}/{complaint}/escalate")
    admin(school, one).post(f"{C}/{complaint}/answer", {"text": ANSWER})
    objection = {"text": "没有退还"}
    assert parent(school).post(f"{C}/{complaint}/object", objection)["state"] == "ESCALATED"
    assert admin(school, one).refused(f"{C}/{complaint}/answer", {"text": ANSWER})["code"] == "same_person"
    assert admin(school, other).post(f"{C}/{complaint}/answer", {"text": "维持原答复"})["state"] == "CLOSED"
    assert parent(school).refused(f"{C}/{complaint}/object", objection)["code"] == "illegal_transition"
    assert len(of_type(school.world, ComplaintClosed)) == 1


def test_who_does_not_object_in_time_has_accepted(school: School) -> None:
    complaint = answered(school)
    school.world.set_time(school.world.at(8, day=OBJECTION_DAYS - 7 + 1))
    refusal = parent(school).refused(f"{C}/{complaint}/object", {"text": "…"})
    last = today(school) + timedelta(days=OBJECTION_DAYS)
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("too_late_to_object", "SYS")
    assert last.isoformat() in refusal["detail"]
    school.world.run_timers("enrollment")
    assert state(school, complaint) == "CLOSED"
    assert len(of_type(school.world, ComplaintClosed)) == 1


def test_a_family_may_object_on_the_last_day(school: School) -> None:
    complaint = answered(school)
    pass_days(school, OBJECTION_DAYS)
    assert parent(school).post(f"{C}/{complaint}/object", {"text": "…"})["state"] == "ESCALATED"
    pass_days(school, OBJECTION_DAYS + 1)
    assert state(school, complaint) == "ESCALATED"


# What vetting found


@pytest.mark.parametrize("before", ["OPEN", "ROUTED", "ESCALATED"])
def test_the_outcome_of_the_case_is_the_answer_where_there_was_none(school: School, before: str) -> None:
    complaint = filed(school, prohibition_code="PB04")
    if before == "ROUTED":
        routed(school, complaint)
    elif before == "ESCALATED":
        school.principal().post(f"{C}/{complaint}/escalate")
    case_closed(school, complaint)
    assert state(school, complaint) == "ANSWERED"
    assert actions(parent(school), complaint)[-1] == ("conclude", "SANCTIONED")
    assert told(school)[-1] == "ANSWERED"
    assert parent(school).post(f"{C}/{complaint}/object", {"text": "…"})["state"] == "ESCALATED"


@pytest.mark.parametrize("is_over", [False, True])
def test_the_outcome_that_comes_after_the_answer_is_told(school: School, is_over: bool) -> None:
    complaint = answered(school)
    if is_over:
        parent(school).post(f"{C}/{complaint}/accept")
    case_closed(school, complaint, "UNFOUNDED")
    assert state(school, complaint) == ("CLOSED" if is_over else "ANSWERED")
    assert actions(parent(school), complaint)[-1] == ("conclude", "UNFOUNDED")
    assert told(school) == ["ACKNOWLEDGED", "ANSWERED", "CLOSED" if is_over else "ANSWERED"]


def test_the_outcome_of_a_case_that_nobody_complained_of_changes_nothing(school: School) -> None:
    complaint = filed(school)
    case_closed(school, None)
    case_closed(school, new_id())
    assert state(school, complaint) == "OPEN"


# Who sees what


def test_a_family_sees_its_own_complaints_and_a_school_those_about_itself(school: School) -> None:
    complaint = filed(school)
    assert [one["id"] for one in parent(school).get(C)["items"]] == [complaint]
    other = parent(school, 1)
    assert other.get(C)["items"] == []
    other.get(f"{C}/{complaint}/history", expect=404)
    for action, body in (("accept", None), ("object", {"text": "…"})):
        other.refused(f"{C}/{complaint}/{action}", body, status=404)
    assert school.principal().get(C)["items"] != []
    elsewhere = school.world.as_("principal", school=new_id())
    assert elsewhere.get(C)["items"] == []
    elsewhere.refused(f"{C}/{complaint}/escalate", status=404)


def test_the_price_authority_sees_complaints_about_fees_alone(school: School) -> None:
    fee = filed(school)
    filed(school, topic="SAFETY")
    assert [one["id"] for one in school.world.as_("oversight_price").get(C)["items"]] == [fee]
    assert len(school.world.as_("inspector").get(C)["items"]) == 2


def test_the_words_are_sealed_and_read_by_those_who_handle_them_and_logged(school: School) -> None:
    complaint = answered(school)
    sealed = school.world.read(
        "enrollment", "SELECT text_sealed FROM complaint_steps WHERE complaint_id = :c", c=UUID(complaint)
    )
    texts = [bytes(one) for (one,) in sealed if one is not None]
    assert len(texts) == 2
    assert not [text for text in texts if "教材费".encode() in text or "约谈".encode() in text]
    school.office().get(f"{C}/{complaint}/history")
    for overseer in ("inspector", "oversight_price"):
        refusal = school.world.as_(overseer).get(f"{C}/{complaint}/history", expect=403)
        assert refusal["code"] == "forbidden"
    parent(school).get(f"{C}/{complaint}/history")
    logged = "SELECT caller, subjects FROM access_log WHERE district_id = :d AND purpose = 'enrollment.complaint'"
    read = school.world.read("enrollment", logged, d=school.world.district)
    assert read == [("academic_affairs", [UUID(complaint)])]


def test_no_door_no_event_and_no_log_tells_who_complained(school: School) -> None:
    who = links(school)[0]["guardian_id"]
    complaint = answered(school)
    parent(school).get(f"{C}/{complaint}/history")
    parent(school).post(f"{C}/{complaint}/accept")
    for path in (C, f"{C}/{complaint}", f"{C}/{complaint}/history"):
        assert who not in school.principal().request("GET", path).text
    bodies = "SELECT convert_from(body, 'UTF8') FROM outbox WHERE subject = :c"
    said = school.world.read("enrollment", bodies, c=complaint)
    assert len(said) == 2
    assert not [body for (body,) in said if who in body]
    assert all('"service:enrollment"' in body for (body,) in said)
    log = "SELECT count(*) FROM access_log WHERE caller = :w OR :p = ANY (subjects)"
    assert school.world.read("enrollment", log, w=who, p=UUID(who)) == [(0,)]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"happened_on": "2027-01-01"}, {"happened_on": "in_the_future"}),
        ({"target_kind": "PERSON"}, {"target_id": "comes_with_its_kind"}),
        ({"target_id": str(new_id())}, {"target_id": "comes_with_its_kind"}),
        ({"target_kind": "SCHOOL", "target_id": str(new_id())}, {"target_id": "another_school"}),
    ],
)
def test_a_complaint_that_makes_no_sense_is_refused(
    school: School, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    body = {"school_id": school.id, "topic": "FEE", "text": WORDS, "happened_on": today(school)}
    assert parent(school).post(C, body | changes, expect=422)["errors"] == errors


@pytest.mark.parametrize("target", ["PERSON", "PROVIDER", "school"])
def test_a_complaint_is_about_somebody_who_is_known(school: School, target: str) -> None:
    body = {"school_id": school.id, "topic": "FEE", "text": WORDS, "happened_on": today(school)}
    changes = {"school_id": new_id()} if target == "school" else {"target_kind": target, "target_id": new_id()}
    assert parent(school).refused(C, body | changes, status=404)["code"] == "not_found"


# What is counted


def test_the_district_counts_complaints_by_topic_month_and_state(school: School) -> None:
    filed(school)
    filed(school)
    filed(school, topic="SAFETY", prohibition_code="PB03")
    routed(school, filed(school))
    about = {"topic": "FEE", "prohibition_code": None, "school_id": str(school.id), "month": "2026-08"}
    counted = admin(school).get(f"{E}/complaint-statistics")["complaints"]
    assert counted == [
        about | {"state": "OPEN", "count": 2},
        about | {"state": "ROUTED", "count": 1},
        about | {"topic": "SAFETY", "prohibition_code": "PB03", "state": "OPEN", "count": 1},
    ]
    later = admin(school).get(f"{E}/complaint-statistics", filed_from=school.world.first_day)
    assert later["complaints"] == []
    assert school.world.as_("principal", school=new_id()).get(f"{E}/complaint-statistics")["complaints"] == []


@pytest.mark.clause("P5-3.4.5.4")
@pytest.mark.parametrize("heard", ["suggestion", "survey"])
def test_a_school_that_collects_no_opinions_in_a_term_is_seen(world: World, heard: str) -> None:
    school = before_term(world, pupils=4)
    running(school)
    filed(school, topic="SUGGESTION")
    pass_days(school, 7)
    expected = {"school_id": str(school.id), "term_id": str(world.term), "since": world.first_day.isoformat()}
    assert silent(school) == [expected]
    if heard == "suggestion":
        filed(school, topic="SUGGESTION", happened_on=world.first_day)
    else:
        wanted = {"school_id": school.id, "term_id": world.term, "closes_on": world.first_day}
        asked = school.office().post(f"{E}/surveys", wanted)
        assert silent(school) == [expected]
        school.office().post(f"{E}/surveys/{asked['id']}/close")
    assert silent(school) == []


def test_where_the_plan_listens_all_the_time_no_school_is_called_silent(school: School) -> None:
    running(school)
    pass_days(school, 7)
    assert silent(school) == []


def silent(school: School) -> Any:
    return admin(school).get(f"{E}/silent-schools")["items"]


def running(school: School) -> None:
    """The plan on file, and as it is once every point of the checklist holds."""
    survey(school)
    draft(school)
    file(school)
    sql = "UPDATE pins SET state = 'ACTIVE' WHERE plan_id = :p"
    school.world.change("enrollment", sql, p=UUID(school.plan["id"]))

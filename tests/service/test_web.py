"""What every door of every service does, seen at vetting's."""

import json

import pytest

from shared.ids import new_id
from tests.builders import staff
from tests.client import Client
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    return world


def test_a_stranger_learns_nothing_about_the_shape_of_a_body(district: World) -> None:
    reply = district.http.post("/vetting/v1/people", json={"nonsense": 1})
    assert (reply.status_code, reply.headers["content-type"]) == (401, "application/problem+json")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "category" not in reply.text


def test_a_caller_without_the_permission_is_told_which_one_is_missing(district: World) -> None:
    reply = district.as_("guardian").post("/vetting/v1/people", {}, expect=403)
    assert "person.register" in reply["detail"]


def test_a_token_for_another_service_opens_nothing(district: World) -> None:
    token = district.house.token(
        "finance", role="vetting_officer", district=district.district, schools=None, person=None
    )
    reply = district.http.get("/vetting/v1/people", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401


def test_invalid_fields_are_named_one_by_one_in_both_languages(district: World) -> None:
    body = {"person_id": "nobody", "kind": 7, "more": True}
    zh = district.as_("vetting_officer").post("/vetting/v1/checks", body, expect=422)
    en = district.as_("vetting_officer", language="en").post("/vetting/v1/checks", body, expect=422)
    assert set(zh["errors"]["json"]) == {"person_id", "kind", "more"}
    assert (zh["title"], en["title"]) == ("字段有误", "Some fields are not valid")


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b'{"category": "\\ud800"}', b'{"category": "\\u0000"}', b"[]", b'"x"']
)
def test_no_body_makes_the_server_fail(district: World, content: bytes) -> None:
    reply = district.as_("academic_affairs").request(
        "POST", "/vetting/v1/people", content=content, headers={"Content-Type": "application/json"}
    )
    assert 400 <= reply.status_code < 500
    assert reply.headers["content-type"] == "application/problem+json"


def test_unknown_paths_and_methods_answer_with_problem_documents(district: World) -> None:
    officer = district.as_("vetting_officer")
    assert officer.get("/vetting/v1/nothing", expect=404)["code"] == "not_found"
    reply = officer.request("DELETE", "/vetting/v1/people")
    assert reply.status_code == 405
    assert "GET" in reply.headers["allow"]


def test_a_list_is_paged_filtered_and_sorted_without_losing_or_repeating_a_row(district: World) -> None:
    people = [staff.listed(district, district.schools[0]) for _ in range(7)]
    officer, seen, cursor = district.as_("vetting_officer"), [], None
    while True:
        page = officer.get("/vetting/v1/people", limit=3, sort="-id", **({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == sorted((str(person) for person in people), reverse=True)
    assert officer.get("/vetting/v1/people", state="CLEARED")["items"] == []
    for query in ({"cursor": "x"}, {"sort": "name"}, {"limit": 0}, {"limit": 201}, {"colour": "red"}):
        assert officer.get("/vetting/v1/people", expect=422, **query)["code"] == "invalid_fields"


def repeat(client: Client, key: str, body: dict[str, object]) -> tuple[int, object]:
    content = json.dumps(body).encode()
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    reply = client.request("POST", "/vetting/v1/people", content=content, headers=headers)
    return reply.status_code, reply.json()


def test_a_repeated_request_with_the_same_key_acts_once_and_answers_the_same(district: World) -> None:
    office, key = district.as_("academic_affairs"), str(new_id())
    first = repeat(office, key, {"category": "RETIRED_TEACHER"})
    assert first == repeat(office, key, {"category": "RETIRED_TEACHER"})
    assert len(district.as_("vetting_officer").all("/vetting/v1/people")) == 1
    status, problem = repeat(office, key, {"category": "PARENT"})
    assert (status, problem["code"]) == (422, "idempotency_key_reused")  # type: ignore[index]  # a problem document


def test_a_refused_request_keeps_no_reply(district: World) -> None:
    office, key = district.as_("academic_affairs"), str(new_id())
    assert repeat(office, key, {"category": "UNIVERSITY_STUDENT"})[0] == 409
    assert repeat(office, key, {"category": "RETIRED_TEACHER"})[0] == 201


def test_an_etag_that_has_moved_on_loses_the_race(district: World) -> None:
    person, office = staff.listed(district, district.schools[0]), district.as_("academic_affairs")
    reply = district.as_("vetting_officer").request("GET", f"/vetting/v1/people/{person}")
    stale = {"If-Match": reply.headers["etag"]}
    path = f"/vetting/v1/people/{person}/record-identity"
    body = {"name": "王芳", "id_number": "11010519491231002X"}
    assert office.request("POST", path, body=body, headers=stale).status_code == 200
    lost = office.request("POST", path, body=body, headers=stale)
    assert (lost.status_code, lost.json()["code"]) == (412, "precondition_failed")


def test_a_query_that_forgot_its_walls_is_stopped_by_the_database(district: World) -> None:
    staff.listed(district, district.schools[0])
    (row,) = district.read("vetting", "SELECT count(*) FROM people WHERE district_id = :d", d=district.district)
    assert row[0] == 1
    with district.suite.nodes["vetting"].app_database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM people").scalar_one() == 0


def test_health_and_metrics_are_there_without_a_token(district: World) -> None:
    for path in ("livez", "readyz", "metrics", "docs", "openapi.json"):
        assert district.http.get(f"/vetting/{path}").status_code == 200, path
    assert "kehou_outbox_unsent" in district.http.get("/vetting/metrics").text


def test_the_documentation_names_each_routes_permission_and_the_problem_form(district: World) -> None:
    document = district.http.get("/vetting/openapi.json").json()
    operation = document["paths"]["/vetting/v1/people/{person_id}/clear"]["post"]
    assert operation["x-permission"] == "person.clear"
    responses = document["components"]["responses"]
    assert all("application/problem+json" in response["content"] for response in responses.values())

"""Requests of attendance against their baselines, both called as WSGI applications in this process, by one thread.

The client costs next to nothing, so that nothing hides the product's own share.
"""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID
from wsgiref.types import WSGIApplication

from sqlalchemy.engine import make_url

from shared.ids import new_id
from tests.bench.ground import Ground
from tests.bench.measure import ROUNDS, WARM_UP, Figure, Pair, compare, seconds
from tests.bench.recorded import Baseline, Recorded, recording, stand_in
from tests.builders import care
from tests.world import World

SERVICES = ("attendance",)
API = "/attendance/v1"


@dataclass(frozen=True)
class Asked:
    """A POST; `varying` are the ids that another of its kind would not share."""

    path: str
    body: Any
    token: str
    varying: Sequence[UUID] = ()


def post(app: WSGIApplication, asked: Asked, key: str) -> tuple[int, bytes]:
    """Ask once; status and body. Anything but success is a defect of the bench."""
    body = json.dumps(asked.body).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": asked.path,
        "QUERY_STRING": "",
        "SERVER_NAME": "bench",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {asked.token}",
        "HTTP_IDEMPOTENCY_KEY": key,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    statuses: list[str] = []
    answer = b"".join(app(environ, lambda status, *_: statuses.append(status)))  # type: ignore[arg-type]  # the result is not used to write
    if not statuses[0].startswith("20"):
        raise RuntimeError(f"{asked.path}: {statuses[0]} {answer.decode()}")
    return int(statuses[0][:3]), answer


def measure(name: str, unit: str, world: World, kinds: Sequence[Sequence[Asked]], **wanted: Any) -> Figure:
    """The first of each kind is recorded, the others are asked of the product and of the baseline in turn."""
    node = world.suite.nodes["attendance"]
    url = make_url(world.house.urls["app"].format(service="attendance")).set(drivername="postgresql")
    baseline = Baseline(url.render_as_string(hide_password=False))
    others = []
    for first, *rest in kinds:
        key = str(new_id())
        with recording(node.app_database.engine) as statements:
            status, reply = post(node.application, first, key)
        recorded = Recorded(statements, status, reply, key, first.varying)
        for asked in rest:
            baseline.know(asked.path, recorded, stand_in(first.varying, asked.varying))
        others += rest
    share = len(others) // 2 // (ROUNDS + WARM_UP)
    waiting = iter(others)
    figure = compare(name, unit, lambda first: _round(node.application, baseline.app, waiting, share, first), **wanted)
    baseline.close()
    return figure


def _round(ours: WSGIApplication, theirs: WSGIApplication, waiting: Iterator[Asked], share: int, first: bool) -> Pair:
    """Request by request in turn; the mean of each side's seconds."""
    spent = {True: 0.0, False: 0.0}
    for number in range(2 * share):
        is_ours = (number % 2 == 0) == first
        asked, key = next(waiting), str(new_id())
        spent[is_ours] += seconds(partial(post, ours if is_ours else theirs, asked, key))
    return spent[True] / share, spent[False] / share


def _token(school: care.School, role: str, person: UUID | None = None) -> str:
    house = school.world.house
    return house.token("attendance", role=role, district=school.world.district, schools=[school.id], person=person)


def small_post(ground: Ground) -> Figure:
    """POST a venue: one row, no event, an Idempotency-Key."""
    world = World(ground.house, ground.house.assembled(SERVICES))
    care.open_term(world)
    school = care.build_school(world, pupils=1)
    asked = Asked(
        f"{API}/venues", {"school_id": str(school.id), "name": "三年级教室"}, _token(school, "academic_affairs")
    )
    return measure("small POST", "request", world, [[asked] * 600], units=1, floor=0.5)


def roll_call(ground: Ground) -> Figure:
    """POST the marks of 40 pupils of a session, all present."""
    world = World(ground.house, ground.house.assembled(SERVICES))
    care.open_term(world, days=80)
    kinds = []
    for index in range(len(world.schools)):
        school = care.build_school(world, index, pupils=40)
        running = care.schedule(school)
        world.change(
            "attendance",
            "UPDATE sessions SET state = 'IN_PROGRESS', roll_version = 1 WHERE group_id = :group",
            group=school.group,
        )
        marks = [{"pupil_id": str(pupil), "status": "PRESENT"} for pupil in school.pupils]
        token = _token(school, "instructor", school.teacher)
        kinds.append([Asked(f"{API}/sessions/{one}/marks", {"marks": marks}, token, [UUID(one)]) for one in running])
    return measure("roll call of 40", "pupil", world, kinds, units=40, floor=0.4, at_least=2000)


def release(ground: Ground) -> Figure:
    """POST the release of a waiting child to a guardian; an Idempotency-Key, an event."""
    world = World(ground.house, ground.house.assembled(SERVICES))
    world.schools += [new_id() for _ in range(5)]
    care.open_term(world)
    schools = [care.build_school(world, index, pupils=40) for index in range(len(world.schools))]
    kinds = []
    for school in schools:
        world.set_time(world.at(8))
        care.dismissed(school, care.open_session(school))
        token = _token(school, "instructor", school.teacher)
        kinds.append([_released(school, pupil, token) for pupil in school.pupils])
    return measure("release", "request", world, kinds, units=1, floor=0.5)


def _released(school: care.School, pupil: UUID, token: str) -> Asked:
    guardian = school.guardian_of[pupil]
    ((chain, authorization),) = school.world.read(
        "attendance",
        "SELECT c.id, a.id FROM custody_chains c JOIN pickup_authorizations a USING (pupil_id) WHERE pupil_id = :pupil",
        pupil=pupil,
    )
    body = {"method": "KNOWN_GUARDIAN_SIGNATURE", "person_id": str(guardian)}
    return Asked(f"{API}/custody/{pupil}/release", body, token, [pupil, guardian, chain, authorization])

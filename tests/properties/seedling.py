"""A small district on the eve of its service, played once, and copies of it with ids of their own for each example."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from services.enrollment.plans.queries import current_hash
from services.enrollment.tables import ServicePlan
from services.finance.fee_standards.commands import posting_of
from services.finance.publications.rules import content_hash
from services.finance.tables import FeeStandard
from shared import jobs
from shared.caller import service_itself
from shared.ids import new_id
from shared.messaging.work import open_work
from shared.runtime import SERVICES
from shared.tables import SPINE
from tests.client import Answered
from tests.properties.replay import DELIVERY
from tests.stories.closing import Closing
from tests.stories.opening import Opening
from tests.stories.plots import HEBI
from tests.stories.service_week import ServiceWeek
from tests.stories.stage import School, Stage
from tests.world import KEYRING, House, World

SKIPPED = (DELIVERY - {"outbox_subject"}) | {"imports", "import_changes", "register_facts", "survey_papers"}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class SteppedStage(Stage):
    """A stage whose services run no loop: waiting is delivering."""

    world: World = field(kw_only=True)

    def until(self, read: Any, wanted: Any = True) -> float:
        """See Stage.until."""
        for _ in range(9):
            if read() == wanted:
                return 0.0
            run_once(self.world)
        raise Answered(f"delivered everything and never saw {wanted!r}")


def run_once(world: World) -> int:
    """Everything that the loops would do now; returns how many timers were fired."""
    enrollment = world.suite.nodes["enrollment"]
    jobs.run_waiting(enrollment.database, enrollment.service.jobs)
    world.deliver_all()
    return sum(world.run_timers(service) for service in SERVICES)


class Eve(Opening):
    """Of the families that could take part, four owe the fee still and two have not applied yet."""

    debtors: list[str]
    newcomers: list[str]

    def _meet(self, school: School) -> None:
        super()._meet(school)
        school.pupils, self.debtors, self.newcomers = school.pupils[:4], school.pupils[4:8], school.pupils[8:]

    def play(self) -> list[School]:
        """The same, and the debtors are in the group: they are let in when the fee is paid."""
        (school,) = super().play()
        owing = replace(school, pupils=self.debtors)
        self.families.agree(owing, self.families.apply(owing))
        office = self.office(school)
        confirmed = office.post("/enrollment/v1/participations", {"window_id": school.window})["items"]
        ids = [one["id"] for one in confirmed if one["pupil_id"] in self.debtors]
        office.post(f"/enrollment/v1/groups/{school.group}/add-members", {"participation_ids": ids})
        return [school]


@dataclass(frozen=True)
class District:
    """A copy: who is who."""

    world: World
    stage: SteppedStage
    school: School
    debtors: list[str]
    newcomers: list[str]
    term: str


class Seedling:
    """The district that is copied."""

    def __init__(self, house: House) -> None:
        self._house = house
        world = World(house, house.assembled(SERVICES))
        stage = _stage(world)
        opening = Eve(stage, HEBI, pupils=60, families=(10,))
        opening.play()
        week = ServiceWeek(opening)
        Closing(week).before_the_week()
        stage.set_time(-3, 9)
        week.schedule(week.first)
        week.get_ready(week.first)
        run_once(world)
        self._district = str(world.district)
        self._people = json.dumps([asdict(week.first), opening.debtors, opening.newcomers, opening.term])
        self._rows = {service: _rows(world, service) for service in SERVICES}
        world.http.close()

    def copy(self) -> District:
        """The same district again, with other ids, in which nobody has said anything yet."""
        seed = str(new_id())

        def renamed(told: str) -> str:
            return _UUID.sub(lambda found: _another(found[0], seed), told)

        school, debtors, newcomers, term = json.loads(renamed(self._people))
        school["starts"] = tuple(school["starts"])
        world = World(self._house, self._house.assembled(SERVICES), district=UUID(renamed(self._district)))
        for service, rows in self._rows.items():
            _plant(self._house, service, renamed(rows))
        copied = District(world, _stage(world), School(**school), debtors, newcomers, term)
        _hash_again(copied)
        return copied


def _stage(world: World) -> SteppedStage:
    return SteppedStage(world.http, world.house.issuer, KEYRING, district=world.district, world=world)


def _another(old: str, seed: str) -> str:
    """An id of the same instant, so that what is sorted by id stays sorted."""
    return old[:24] + hashlib.sha256(f"{seed}{old}".encode()).hexdigest()[:12]


def _rows(world: World, service: str) -> str:
    """The rows of the district, as JSON by table; of the counters of subjects, those of its subjects."""
    tables = {**SPINE.tables, **world.suite.nodes[service].service.tables.tables}
    shown = "SELECT coalesce(jsonb_agg(to_jsonb(one)), '[]') FROM {} one WHERE {}"
    with world.house.past_walls(service) as connection:
        rows = {
            name: connection.scalar(text(shown.format(name, "district_id = :d")), {"d": world.district})
            for name, table in tables.items()
            if "district_id" in table.c and name not in SKIPPED
        }
        counted = {"subjects": _UUID.findall(json.dumps(rows))}
        rows["outbox_subject"] = connection.scalar(
            text(shown.format("outbox_subject", "subject = ANY (:subjects)")), counted
        )
    return json.dumps(rows)


def _plant(house: House, service: str, rows: str) -> None:
    with house.past_walls(service) as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # past triggers as well as walls
        for table, those in json.loads(rows).items():
            planted = f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb))"
            connection.execute(text(planted), {"rows": json.dumps(those)})


def _hash_again(copied: District) -> None:
    """What is filed and what is posted is hashed with its ids."""
    world, caller = copied.world, copied.world.district
    with open_work(world.suite.nodes["enrollment"].database, service_itself("enrollment", caller)) as work:
        filed = current_hash(work, work.get(ServicePlan, UUID(copied.school.plan)))
    with open_work(world.suite.nodes["finance"].database, service_itself("finance", caller)) as work:
        posted = content_hash(posting_of(work.session.scalars(select(FeeStandard)).one()))
    for service, table, columns in (
        ("enrollment", "plans", "content_hash = :h, filed_hash = :h"),
        ("finance", "fee_standards", "content_hash = :h"),
        ("finance", "fee_publications", "content_hash = :h"),
    ):
        told = {"h": filed if table == "plans" else posted, "d": world.district}
        world.change(service, f"UPDATE {table} SET {columns} WHERE district_id = :d", **told)

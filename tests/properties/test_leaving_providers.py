"""INV-VET-06, -07, -08: whatever is done in whatever order, who is not on the whitelist serves nobody, the district
alone lets a provider leave, and one that has left has nothing open. The others' words come at any time, early or late.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as some

from shared.contracts.attendance import SessionCancelled, SessionClosed
from shared.contracts.enrollment import ProviderItemsDelisted
from shared.contracts.finance import ItemRefundsClosed, ProviderSettlementClosed
from shared.ids import new_id
from tests.builders import providers
from tests.builders.providers import Leaving, V
from tests.world import House, World

ROLES = (
    *("principal", "vetting_officer", "inspector", "academic_affairs", "provider_admin"),
    *["district_admin"] * 5,
)
REASONS = ("LOW_QUALITY", "DISRUPTING_ORDER", "VOLUNTARY", "DISLIKED")
ANY = (200, 201, 403, 404, 409, 422)

BEGUN = 10
"""The day of the term on which a life begins."""

ASSIGNED = (
    "SELECT p.state, p.valid_until, p.effective_on, (a.starts_at AT TIME ZONE 'Asia/Shanghai')::date"
    " FROM assignments a JOIN people s ON s.id = a.person_id JOIN providers p ON p.id = s.provider_id"
    " WHERE a.district_id = :d AND a.state = 'CONFIRMED' AND a.ends_at > :now"
)
UNCARRIED = (
    "SELECT a.id FROM assignments a JOIN people s ON s.id = a.person_id JOIN planned_sessions h ON h.id = a.session_id"
    " WHERE a.district_id = :d AND a.state = 'CONFIRMED' AND a.ends_at > :now AND NOT EXISTS (SELECT 1 FROM"
    " provider_contracts c WHERE c.provider_id = s.provider_id AND c.school_id = a.school_id AND c.state = 'ACTIVE'"
    " AND c.content_type = h.content_type"
    " AND (a.starts_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN c.starts_on AND c.ends_on)"
)


@dataclass
class Life:
    """A provider at two schools, and what the others have really done, told or not."""

    world: World
    places: list[Leaving]
    day: int = BEGUN
    may_leave: bool = False
    """The district let it leave, for a reason of the list and on evidence."""
    delisted: bool = False
    refunded: set[UUID] = field(default_factory=set)
    open: dict[UUID, Leaving] = field(default_factory=dict)
    """Sessions that are neither closed nor cancelled."""
    delivered: int = 0
    settled: int = 0

    @property
    def provider(self) -> str:
        return self.places[0].provider

    def place(self, number: int) -> Leaving:
        return self.places[number % len(self.places)]

    def about(self, place: Leaving) -> dict[str, UUID]:
        return {"district_id": self.world.district, "school_id": place.school}


def begun(world: World) -> Life:
    """A provider that serves at two schools, eleven days into the term."""
    world.publish_policy("p2-anhui")
    world.publish_calendar(100)
    world.pin_plan()
    first = providers.serving(world, world.schools[0])
    second = providers.serving(world, world.schools[1], provider=first.provider, owner=first.owner)
    life = Life(world, [first, second])
    life.open = {session: place for place in life.places for session in place.sessions}
    return life


# What may happen


def assign(life: Life, number: int) -> None:
    place = life.place(number)
    sessions = place.sessions[number % 20 :][:3]
    body = {"person_id": place.coach, "session_ids": sessions, "role": "ASSIST"}
    life.world.as_("academic_affairs", school=place.school).post(f"{V}/assignments", body, expect=ANY)


def contract(life: Life, number: int) -> None:
    place = life.place(number)
    terms = providers.terms(life.world, place.school, life.provider)
    path = f"{V}/provider-contracts"
    made = life.world.as_("academic_affairs", school=place.school).post(path, terms, expect=ANY)
    if "id" in made:
        life.world.as_("principal", school=place.school, person=new_id()).post(f"{path}/{made['id']}/sign", expect=ANY)
        life.world.as_("provider_admin", person=place.owner).post(f"{path}/{made['id']}/sign", expect=ANY)


def terminate(life: Life, number: int) -> None:
    place = life.place(number)
    principal = life.world.as_("principal", school=place.school, person=new_id())
    principal.post(f"{V}/provider-contracts/{place.contract}/terminate", expect=ANY)


def judge(life: Life, number: int) -> None:
    admin, path = life.world.as_("district_admin"), f"{V}/providers/{life.provider}"
    evidence = {"evidence_ref": "评估"}
    score = {"term_id": new_id(), "score": number, "findings": []}
    steps = (("evaluate", evidence | score), ("put-on-notice", evidence), ("rectify", evidence))
    action, body = steps[number % 3]
    admin.post(f"{path}/{action}", body, expect=ANY)


def leave(life: Life, number: int) -> None:
    role, reason = ROLES[number % len(ROLES)], REASONS[number // 8 % 4]
    evidence = "决定" if number % 5 else ""
    on = life.world.first_day + timedelta(days=life.day + number % 7)
    body = {"reason_code": reason, "evidence_ref": evidence, "effective_on": on}
    person = life.places[0].owner if role == "provider_admin" else None
    answer = life.world.as_(role, person=person).post(f"{V}/providers/{life.provider}/exit", body, expect=ANY)
    if answer.get("state") == "EXITING":
        assert (role, reason != "DISLIKED", bool(evidence)) == ("district_admin", True, True)
        life.may_leave = True


def end_session(life: Life, number: int) -> None:
    """One of the days before today was held, perhaps; any other session is cancelled."""
    if not life.open:
        return
    session = sorted(life.open)[number % len(life.open)]
    place = life.open.pop(session)
    about: dict[str, Any] = life.about(place) | {"session_id": session, "item_id": place.item}
    about |= {"group_id": new_id(), "term_id": life.world.term, "on": life.world.first_day}
    if number % 3 or place.sessions.index(session) >= BEGUN:
        life.world.hear(SessionCancelled(**about, cause="GROUP_CLOSED"))
        return
    about |= {"opened_at": life.world.at(16), "closed_at": life.world.at(17), "learning_minutes": 0, "revision": 1}
    life.world.hear(SessionClosed(**about, expected_count=1, present_count=1))
    life.delivered += 1


def end_all_sessions(life: Life, number: int) -> None:
    for _ in range(len(life.open)):
        end_session(life, number)


def settle(life: Life, number: int) -> None:
    place, count = life.place(number), life.delivered - life.settled
    said = {"settlement_id": new_id(), "provider_id": UUID(life.provider), "term_id": life.world.term}
    life.world.hear(ProviderSettlementClosed(**life.about(place), **said, session_count=count, amount_fen=count))
    life.settled += count


def delist(life: Life, _number: int) -> None:
    items = tuple(place.item for place in life.places)
    if life.may_leave:  # enrollment has heard that it leaves
        life.delisted = True
        provider_id = UUID(life.provider)
        life.world.hear(ProviderItemsDelisted(district_id=life.world.district, provider_id=provider_id, item_ids=items))


def refund(life: Life, number: int) -> None:
    place = life.place(number)
    life.refunded.add(place.item)
    life.world.hear(ItemRefundsClosed(**life.about(place), item_id=place.item, term_id=life.world.term))


def pass_days(life: Life, number: int) -> None:
    life.day += number % 4 + 1
    life.world.set_time(life.world.at(0, 1, day=life.day))
    life.world.run_timers("vetting")


STEPS: dict[str, Callable[[Life, int], None]] = {
    step.__name__: step
    for step in (
        assign,
        contract,
        terminate,
        judge,
        leave,
        end_session,
        end_all_sessions,
        settle,
        delist,
        refund,
        pass_days,
    )
}


# What must hold


def check(life: Life) -> None:
    """INV-VET-06, -07, -08, after every step."""
    world, now = life.world, life.world.at(0 if life.day > BEGUN else 8, 1, day=life.day)
    for state, valid_until, effective_on, day in world.read("vetting", ASSIGNED, d=world.district, now=now):
        assert state in ("WHITELISTED", "ON_NOTICE") or (state == "EXITING" and day < effective_on)
        assert day <= valid_until
    assert world.read("vetting", UNCARRIED, d=world.district, now=now) == []
    state = life.places[0].state()
    assert life.may_leave or state not in ("EXITING", "EXITED")
    if state == "EXITED":
        assert (life.delisted, life.open) == (True, {})
        assert life.refunded == {place.item for place in life.places}
        assert life.settled == life.delivered
        assert all(place.assignments()["CONFIRMED"] == 0 for place in life.places)


Steps = list[tuple[str, int]]


@settings(max_examples=5)
@given(
    some.lists(
        some.tuples(some.sampled_from([*STEPS, "leave", "leave"]), some.integers(0, 99)), min_size=10, max_size=20
    )
)
def test_a_provider_leaves_by_the_district_alone_and_only_with_nothing_left(house: House, steps: Steps) -> None:
    life = begun(World(house, house.assembled(("vetting",))))
    for name, number in steps:
        STEPS[name](life, number)
        check(life)


def test_some_random_life_of_a_provider_ends(house: House) -> None:
    """The property is about something: this order of steps leads to the end."""
    life = begun(World(house, house.assembled(("vetting",))))
    steps = (("leave", 96), ("end_all_sessions", 0), ("delist", 0), ("refund", 0), ("refund", 1), ("settle", 0))
    for name, number in (*steps, ("pass_days", 3), ("pass_days", 3)):
        STEPS[name](life, number)
        check(life)
    assert Counter(place.state() for place in life.places) == {"EXITED": 2}

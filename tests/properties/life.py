"""The life of a district in small steps, each drawn by chance: commands by HTTP, deliveries, clocks, accidents."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from services.finance.payments.rules import sign
from tests.builders.staff import TEACHER_CHECKS
from tests.client import Client
from tests.properties.careless import deliver_some, renew_lease
from tests.properties.safety import unsafe
from tests.properties.seedling import District, run_once
from tests.stories.opening import FEE_FEN
from tests.stories.stage import SERVICES

A, E, F, V = "/attendance/v1", "/enrollment/v1", "/finance/v1", "/vetting/v1"
HOURS = ((8, 0), (12, 0), (16, 56), (17, 20), (18, 0), (18, 12), (18, 32), (19, 5))
GONE = ("BLOCKED", "SUSPENDED", "EXPIRED")


class Life:
    """A copy of the district that lives. Every step leaves it safe; `settle` then brings it to rest."""

    def __init__(self, district: District) -> None:
        self.world, self.stage = district.world, district.stage
        self.school, self.term = district.school, district.term
        self.newcomers = district.newcomers
        self.chance = random.Random(0)
        self.day = self.hour = self.moment = 0
        self.progress: dict[str, int] = {}
        self.made: dict[str, str] = {}
        self.words: list[bytes] = []
        self.world.http.event_hooks["response"] = [_well_answered]
        self.world.set_time(self.world.at(*HOURS[0]))
        renew_lease(self.world)

    def step(self, name: str, seed: int) -> None:
        """One step; asserts that everybody is as safe as before."""
        self.chance = random.Random(seed)
        STEPS[name](self)
        assert unsafe(self.world.read, self.world.district) == []
        self.door_is_shut()

    def settle(self) -> None:
        """Deliver everything and fire what is due, until nothing moves."""
        while run_once(self.world):
            pass

    def end(self) -> None:
        """Leave nothing behind that another district would have to deliver or to fire."""
        self.world.http.event_hooks["response"] = []
        self.world.deliver_all()
        for service in SERVICES:
            self.world.change(service, "DELETE FROM timers WHERE fired_at IS NULL")
        self.world.http.close()

    # Who asks

    def at(self, role: str, person: str | None = None) -> Client:
        return self.stage.as_(role, school=self.school.id, person=person)

    def ask(self, client: Client, path: str, body: Any = None) -> Any:
        """POST; the answer, or None when a rule said no."""
        reply = client.request("POST", path, body=body)
        return reply.json() if reply.is_success else None

    @property
    def people(self) -> list[str]:
        return [self.school.lead, self.school.other, self.school.teacher]

    def pupil(self) -> str:
        return self.chance.choice(self.school.pupils + self.newcomers)

    @property
    def today(self) -> str:
        return str(self.school.sessions[min(self.day, 4)]["id"])

    def leader(self) -> str:
        """Who leads the session of today as far as the school has heard."""
        sql = (
            "SELECT person_id FROM assignments WHERE session_id = :s AND state = 'CONFIRMED' ORDER BY role DESC LIMIT 1"
        )
        rows = self.world.read("attendance", sql, s=self.today)
        return str(rows[0][0]) if rows else self.school.other

    def kept(self) -> list[str]:
        sql = "SELECT pupil_id FROM custody_chains WHERE session_id = :s AND state NOT IN ('RELEASED', 'WITH_CLASS')"
        return [str(row[0]) for row in self.world.read("attendance", sql, s=self.today)]

    # Time and delivery

    def tick(self) -> None:
        """Later today, or the next morning."""
        self.hour += 1
        if self.hour >= len(HOURS):
            self.hour, self.day, self.moment = 0, self.day + 1, 0
        self.set_clock()

    def set_clock(self) -> None:
        self.world.set_time(self.world.at(*HOURS[self.hour], day=self.day))

    def next_morning(self) -> None:
        self.hour = len(HOURS)
        self.tick()

    def fire(self) -> None:
        """Timers of one service, perhaps twice."""
        service = self.chance.choice(SERVICES)
        for _ in range(self.chance.choice((1, 2))):
            self.world.run_timers(service)

    def deliver(self) -> None:
        deliver_some(self.world, self.chance)

    def catch_up(self) -> None:
        self.world.deliver_all()

    def renew(self) -> None:
        renew_lease(self.world)

    def lose_lease(self) -> None:
        self.world.change("attendance", "UPDATE inbox_position SET fresh_until = NULL WHERE source = '/vetting'")

    # The day

    def live_on(self) -> None:
        """The next thing that a school does in the afternoon; mostly it waits until that has worked."""
        moments = (self.prepare, self.come_in, self.open, self.take_over, self.call_roll, self.dismiss, self.go_home)
        if self.day > 4:
            return
        if self.moment == len(moments):
            self.close()
            self.next_morning()
        elif moments[self.moment]() or self.chance.random() < 0.05:
            self.moment += 1

    def _until(self, hour: int) -> None:
        if self.hour < hour:
            self.hour = hour
            self.set_clock()

    def prepare(self) -> Any:
        self._until(1)
        principal = self.at("principal", self.school.principal)
        hours = {"starts_at": self.stage.at(self.day, 14), "ends_at": self.stage.at(self.day, 21)}
        named = {"school_id": self.school.id, "person_id": self.school.principal, **hours}
        self.ask(self.at("academic_affairs"), f"{A}/venues/{self.school.venue}/checks", {"passed": True})
        return self.ask(principal, f"{V}/duties", named)

    def come_in(self) -> Any:
        self._until(2)
        arrival = {"session_id": self.today, "person_id": self.leader()}
        return self.ask(self.at("duty_staff"), f"{A}/presences", arrival)

    def open(self) -> Any:
        self.by_leader("pre-check")
        return self.by_leader("open")

    def by_leader(self, verb: str, body: Any = None) -> Any:
        instructor = self.at("instructor", self.leader())
        return self.ask(instructor, f"{A}/sessions/{self.today}/{verb}", body)

    def take_over(self) -> Any:
        here = self.school.pupils
        body = {
            "session_id": self.today,
            "class_id": self.school.class_id,
            "pupil_ids": here,
            "headcount": len(here),
            "receiver_id": self.leader(),
        }
        teacher = self.at("class_teacher", self.school.teacher)
        return self.ask(teacher, f"{A}/custody/hand-over-to-service", body)

    def call_roll(self) -> Any:
        instructor = self.at("instructor", self.leader())
        roll = instructor.get(f"{A}/sessions/{self.today}/roll")
        marks = [{"pupil_id": one["pupil_id"], "status": "PRESENT"} for one in roll["items"]]
        self.by_leader("marks", {"marks": marks})
        return self.by_leader("complete-roll-call")

    def dismiss(self) -> Any:
        self._until(4)
        return self.by_leader("begin-dismissal")

    def go_home(self) -> Any:
        for pupil in self.kept():
            self.let_go(pupil, self.school.guardian_of[pupil])
        return not self.kept()

    def let_go(self, pupil: str, adult: str) -> Any:
        instructor = self.at("instructor", self.leader())
        return self.ask(instructor, f"{A}/custody/{pupil}/release", {"method": "PICKUP_CARD", "person_id": adult})

    def close(self) -> None:
        self.by_leader("close", {"learning_minutes": 0})

    def come_for_any(self) -> None:
        """Any adult comes for any child: only one of its own goes with it."""
        pupil, other = self.pupil(), self.pupil()
        is_own = self.school.guardian_of[pupil] == self.school.guardian_of[other]
        released = self.let_go(pupil, self.school.guardian_of[other])
        assert released is None or is_own, (pupil, other)

    def any_one_comes_in(self) -> None:
        arrival = {"session_id": self.today, "person_id": self.chance.choice([*self.people, self.school.principal])}
        self.ask(self.at("duty_staff"), f"{A}/presences", arrival)

    def pass_children_on(self) -> None:
        kept = self.kept()
        body = {"session_id": self.today, "pupil_ids": kept, "headcount": len(kept), "receiver_id": self.school.other}
        self.ask(self.at("instructor", self.leader()), f"{A}/custody/transfer", body)

    def cancel(self) -> None:
        session = self.chance.choice(self.school.sessions)["id"]
        self.ask(self.at("academic_affairs"), f"{A}/sessions/{session}/cancel", {"cause": "WEATHER"})

    # People

    def assign(self) -> None:
        session = self.chance.choice(self.school.sessions)["id"]
        role = self.chance.choice(("LEAD", "ASSIST"))
        wanted = {"person_id": self.chance.choice(self.people), "session_ids": [session], "role": role}
        self.ask(self.at("academic_affairs"), f"{V}/assignments", wanted)

    def remove(self) -> None:
        office = self.at("academic_affairs")
        rows = office.all(f"{V}/assignments", school_id=self.school.id, state="CONFIRMED")
        if rows:
            self.ask(office, f"{V}/assignments/{self.chance.choice(rows)['id']}/remove")

    def substitute(self) -> None:
        office = self.at("academic_affairs")
        seeking = [
            one for one in office.all(f"{V}/substitute-requests", school_id=self.school.id) if one["state"] != "FILLED"
        ]
        if seeking:
            path, person = (
                f"{V}/substitute-requests/{self.chance.choice(seeking)['id']}",
                self.chance.choice(self.people),
            )
            self.ask(office, f"{path}/offer", {"person_id": person})
            self.ask(self.at("instructor", person), f"{path}/accept")

    def strike(self) -> None:
        """A finding about whoever leads today, before anybody else has heard of it."""
        self._report(self.leader(), "E09")
        finding = {"sanction": "DEMERIT", "evidence_ref": "decision-1"}
        path = f"{V}/conduct-records/{self.made.get('record')}/substantiate"
        self.ask(self.stage.as_("vetting_officer"), path, finding)

    def accuse(self) -> None:
        """An allegation; of E07 it suspends at once."""
        self._report(self.chance.choice(self.people), self.chance.choice(("E07", "E09")))

    def _report(self, person: str, category: str) -> None:
        told = {
            "person_id": person,
            "kind": "ETHICS_SUBSTANTIATED",
            "category": category,
            "account": "据家长反映",
            "evidence_ref": "case-1",
        }
        made = self.ask(self.at("principal", self.school.principal), f"{V}/conduct-records", told)
        if made:
            self.made["record"] = made["id"]
            self.ask(self.stage.as_("vetting_officer"), f"{V}/conduct-records/{made['id']}/triage")

    def decide(self) -> None:
        """Whatever may be decided about the last record."""
        if "record" not in self.made:
            return
        path = f"{V}/conduct-records/{self.made['record']}"
        officer, admin = self.stage.as_("vetting_officer"), self.stage.as_("district_admin")
        verb = self.chance.choice(("substantiate", "substantiate", "dismiss", "reverse"))
        if verb == "reverse":
            subject = officer.get(path)["person_id"]
            self.ask(self.at("instructor", subject), f"{path}/appeal")
        finding = {"evidence_ref": "decision-1"} | ({"sanction": "DEMERIT"} if verb == "substantiate" else {})
        self.ask(admin if verb == "reverse" else officer, f"{path}/{verb}", finding)

    def clear_again(self) -> None:
        person, officer = self.chance.choice(self.people), self.stage.as_("vetting_officer")
        if self.ask(self.at("academic_affairs"), f"{V}/people/{person}/start-review", {"consent": True}) is None:
            return
        for kind in TEACHER_CHECKS:
            check = officer.post(f"{V}/checks", {"person_id": person, "kind": kind})
            officer.post(f"{V}/checks/{check['id']}/submit")
            result = {"result": "CLEAR", "as_of": self.stage.first_day, "evidence_ref": "query-2"}
            officer.post(f"{V}/checks/{check['id']}/record-result", result)
        self.ask(officer, f"{V}/people/{person}/clear")

    def engage(self) -> None:
        """A labor contract, signed by one or both."""
        person, office = self.chance.choice(self.people), self.at("academic_affairs")
        days = {"starts_on": self.stage.first_day, "ends_on": self.stage.first_day + timedelta(days=4)}
        terms = {"school_id": self.school.id, "person_id": person, "kind": "LABOUR_CONTRACT", **days}
        made = self.ask(office, f"{V}/engagements", terms)
        if made:
            path = f"{V}/engagements/{made['id']}/sign"
            self.ask(self.at("principal", self.school.principal), path, {"party": "school"})
            self.ask(self.at("external_instructor", person), path, {"party": "person"})

    # Families and money

    def enroll(self) -> None:
        """The next of the steps from an application to a place in the group, for one of the newcomers."""
        pupil = self.chance.choice(self.newcomers)
        done = self.progress.get(pupil, 0)
        parent, office = self.stage.as_("guardian", person=self.school.guardian_of[pupil]), self.at("academic_affairs")
        mine = {"application_ids": [self.made.get(pupil)]}
        sections = dict.fromkeys(("school", "guardian", "instructor", "pupil"), "权利与义务")
        ways: tuple[tuple[Client, str, Any], ...] = (
            (parent, "applications", self._wish(pupil)),
            (self.at("class_teacher", self.school.teacher), "applications/class-review", mine),
            (
                self.at("leadership_member", self.school.other),
                "applications/school-review",
                mine | {"decision": "approve"},
            ),
            (office, "agreements", mine | {"sections": sections}),
            (parent, f"agreements/{self.made.get(f'agreement {pupil}')}/sign", None),
            (
                self.at("principal", self.school.principal),
                "agreements/countersign",
                {"agreement_ids": [self.made.get(f"agreement {pupil}")]},
            ),
            (office, "participations", {"window_id": self.school.window}),
            (office, f"groups/{self.school.group}/add-members", {"participation_ids": [self.made.get(pupil)]}),
        )
        if done < len(ways):
            client, path, body = ways[done]
            self._note(pupil, done, self.ask(client, f"{E}/{path}", body))

    def _wish(self, pupil: str) -> dict[str, Any]:
        return {"window_id": self.school.window, "pupil_id": pupil, "item_ids": [self.school.item]}

    def _note(self, pupil: str, done: int, answer: Any) -> None:
        if answer is not None:
            self.progress[pupil] = done + 1
        if answer and done == 0:
            self.made[pupil] = answer["id"]
        if answer and done == 3:
            self.made[f"agreement {pupil}"] = answer["items"][0]["id"]

    def withdraw(self) -> None:
        pupil = self.pupil()
        found = self.at("academic_affairs").all(f"{E}/participations", pupil_id=pupil)
        if found:
            on = self.stage.first_day + timedelta(days=self.day + self.chance.choice((0, 1, 2)))
            parent = self.stage.as_("guardian", person=self.school.guardian_of[pupil])
            self.ask(parent, f"{E}/participations/{found[0]['id']}/withdraw", {"effective_on": on})

    def pay(self) -> None:
        """A payment is started; its word comes at once, twice, altered, or late."""
        invoices = self.at("accountant").all(f"{F}/invoices", school_id=self.school.id)
        invoice = self.chance.choice([one for one in invoices if one["state"] == "ISSUED"] or invoices)
        parent = self.stage.as_("guardian", person=self.school.guardian_of[invoice["pupil_id"]])
        payment = self.ask(parent, f"{F}/payments", {"invoice_id": invoice["id"]})
        if payment is None:
            return
        word = {name: payment[name] for name in ("district_id", "amount_fen", "payee_account")}
        ids = {"payment_id": payment["id"], "transaction_id": f"gateway-{payment['id']}"}
        self.words.append(json.dumps(word | ids).encode())
        if self.chance.random() < 0.7:
            self.hear_gateway()

    def hear_gateway(self) -> None:
        """Some earlier word of the gateway, perhaps again, perhaps altered on the way."""
        if not self.words:
            return
        body = self.chance.choice(self.words)
        headers = {"X-Signature": sign(self.stage.callback_key, body), "Content-Type": "application/json"}
        altered = self.chance.random() < 0.2
        told = body.replace(str(FEE_FEN).encode(), b"1") if altered else body
        reply = self.world.http.post(f"{F}/payment-callbacks", content=told, headers=headers)
        assert reply.status_code == (401 if told != body else 200), reply.text

    def waive(self) -> None:
        days = {"starts_on": self.stage.first_day - timedelta(days=30), "ends_on": self.stage.first_day}
        row = {"pupil_id": self.pupil(), "basis": "SUBSISTENCE_ALLOWANCE", **days}
        self.ask(self.stage.as_("district_admin"), f"{F}/waivers/import", {"document_no": "鹤民1号", "rows": [row]})

    def refund(self) -> None:
        """The next step of some refund."""
        found = self.at("accountant").all(f"{F}/refunds", school_id=self.school.id)
        if found:
            path = f"{F}/refunds/{self.chance.choice(found)['id']}"
            self.ask(self.at("principal", self.school.principal), f"{path}/approve")
            self.ask(self.at("cashier"), f"{path}/pay")

    def pay_staff(self) -> None:
        """The next step of a pay run."""
        run = self.made.pop("run", None)
        if run is None:
            wanted = {
                "school_id": self.school.id,
                "term_id": self.term,
                "until": self.stage.first_day + timedelta(days=9),
            }
            made = self.ask(self.at("accountant"), f"{F}/pay-runs", wanted)
            self.made |= {"run": made["id"]} if made else {}
            return
        self.ask(self.at("principal", self.school.principal), f"{F}/pay-runs/{run}/approve")
        self.ask(self.at("cashier"), f"{F}/pay-runs/{run}/pay")

    def unpublish(self) -> None:
        (standard,) = self.at("accountant").all(f"{F}/fee-standards", school_id=self.school.id)
        for posted in self.at("accountant").all(f"{F}/fee-publications", standard_id=standard["id"]):
            self.ask(
                self.stage.as_("inspector"), f"{F}/fee-publications/{posted['id']}/invalidate", {"cause": "TAKEN_DOWN"}
            )

    def publish(self) -> None:
        (standard,) = self.at("accountant").all(f"{F}/fee-standards", school_id=self.school.id)
        contents = self.at("accountant").get(f"{F}/fee-standards/{standard['id']}")["posting"]
        board = {"standard_id": standard["id"], "photo_ref": "board-2", "place": "校门公示栏", "contents": contents}
        posted = self.ask(self.at("academic_affairs"), f"{F}/fee-publications", board)
        if posted:
            seen = {"contents": contents}
            self.ask(self.stage.as_("inspector"), f"{F}/fee-publications/{posted['id']}/verify", seen)
        self.ask(self.at("academic_affairs"), f"{E}/items/{self.school.item}/resume")

    def count(self) -> None:
        where = {"school_id": self.school.id, "term_id": self.term}
        self.ask(self.at("principal", self.school.principal), f"{A}/headcounts", where)

    # What a reader sees

    def door_is_shut(self) -> None:
        """The roster lets nobody in of whose end attendance has heard the last word."""
        sql = "SELECT CAST(id AS text), clearance_epoch FROM people WHERE district_id = :d AND state = ANY(:gone)"
        gone = set(self.world.read("vetting", sql, d=self.world.district, gone=list(GONE)))
        if not gone:
            return
        sql = "SELECT CAST(id AS text), epoch FROM clearances WHERE district_id = :d"
        heard = {person for person, _ in gone & set(self.world.read("attendance", sql, d=self.world.district))}
        lines = self.at("duty_staff").get(f"{A}/roster", session_id=self.today)["items"]
        assert not [line for line in lines if line["may_enter"] and line["person_id"] in heard]


def _well_answered(reply: httpx.Response) -> None:
    """Nothing breaks, and whatever a gate refuses cites a clause (INV-X-09)."""
    reply.read()
    assert reply.status_code < 500, (str(reply.request.url), reply.text)
    if reply.status_code == 409 and reply.json().get("gate"):
        assert reply.json().get("clauses"), reply.text


STEPS: dict[str, Callable[[Life], Any]] = {
    step.__name__: step
    for step in (
        Life.live_on,
        Life.deliver,
        Life.tick,
        Life.fire,
        Life.catch_up,
        Life.renew,
        Life.lose_lease,
        Life.come_for_any,
        Life.any_one_comes_in,
        Life.pass_children_on,
        Life.cancel,
        Life.assign,
        Life.remove,
        Life.substitute,
        Life.strike,
        Life.accuse,
        Life.decide,
        Life.clear_again,
        Life.engage,
        Life.enroll,
        Life.withdraw,
        Life.pay,
        Life.hear_gateway,
        Life.waive,
        Life.refund,
        Life.pay_staff,
        Life.unpublish,
        Life.publish,
        Life.count,
    )
}
OFTEN = (
    *("live_on",) * 20,
    *("deliver",) * 8,
    *("enroll",) * 6,
    *("catch_up", "pay", "decide") * 3,
    *("strike", "accuse", "clear_again", "refund", "pay_staff", "fire"),
)
"""What happens more often than once in a while."""

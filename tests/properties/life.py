"""The life of a district in small steps, each drawn by chance: commands by HTTP, deliveries, clocks, accidents."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.builders.staff import TEACHER_CHECKS
from tests.properties.families import Families
from tests.properties.living import A, V
from tests.properties.safety import unsafe
from tests.properties.seedling import run_once
from tests.stories.stage import SERVICES

GONE = ("BLOCKED", "SUSPENDED", "EXPIRED")


class Life(Families):
    """A copy of the district that lives. Every step leaves it safe; `settle` then brings it to rest."""

    def step(self, name: str, seed: int) -> None:
        """One step; asserts that everybody is as safe as before."""
        self.chance = random.Random(seed)
        STEPS[name](self)
        assert unsafe(self.world.read, self.world.district) == []
        self.door_is_shut()

    def settle(self) -> None:
        """Deliver everything and fire what is due, until nothing moves, also after the gateway's last words."""
        self.come_to_rest()
        self.hear_all()
        self.come_to_rest()

    def come_to_rest(self) -> None:
        """Until nothing moves."""
        while run_once(self.world):
            pass

    def end(self) -> None:
        """Leave nothing behind that another district would have to deliver or to fire."""
        self.world.http.event_hooks["response"] = []
        self.world.deliver_all()
        for service in SERVICES:
            self.world.change(service, "DELETE FROM timers WHERE fired_at IS NULL")
        self.world.http.close()

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
        self.pay()
        principal = self.at("principal", self.school.principal)
        hours = {"starts_at": self.stage.at(self.day, 14), "ends_at": self.stage.at(self.day, 21)}
        named = {"school_id": self.school.id, "person_id": self.school.principal, **hours}
        self.ask(self.at("academic_affairs"), f"{A}/venues/{self.school.venue}/checks", {"passed": True})
        return self.ask(principal, f"{V}/duties", named)

    def come_in(self) -> Any:
        self._until(2)
        self.hear_gateway()
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
        Life.take_back,
        Life.waive,
        Life.ask_back,
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
    *("pay", "hear_gateway") * 5,
    *("catch_up", "decide", "refund", "publish") * 3,
    *("withdraw", "take_back", "fire") * 2,
    *("strike", "accuse", "clear_again", "pay_staff"),
)
"""What happens more often than once in a while."""

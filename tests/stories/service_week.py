"""The five service days (S9, S6, S3) and the end of the term (S5, S2, S10)."""

import time
from datetime import timedelta
from typing import Any

from tests.builders.staff import TEACHER_CHECKS
from tests.stories import sitting
from tests.stories.opening import Opening
from tests.stories.stage import School, Stage, ids


class ServiceWeek:
    """Steps 5 and 6 of the story. A service day is counted from 0; `days` says on which day of the term it is."""

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.stage: Stage = opening.stage
        self.term = opening.term
        self.schools: list[School] = opening.schools
        self.days = opening.plot.days
        self.in_care: dict[str, str] = {}
        """Child to whoever keeps it already, before the school's own session begins."""
        self.effect_seconds = 0.0
        self.record = ""

    @property
    def first(self) -> School:
        """The school that the story looks at closely."""
        return self.schools[0]

    def play(self) -> None:
        """Schedule, get ready, and live through the days."""
        self.stage.set_time(-3, 9)
        for school in self.schools:
            self.schedule(school)
        for act in self.opening.acts:
            act.schedule(self)
        self.share_the_lead()
        for school in self.schools:
            self.get_ready(school)
        for day in range(len(self.days)):
            self.live(day)
        self.restore()

    def pupils(self, school: School, day: int) -> list[str]:
        """Who is on the roll on a day: one family leaves after the third."""
        return [pupil for pupil in school.pupils if day < 3 or pupil != school.leaving]

    # 5: before the first day

    def schedule(self, school: School) -> None:
        """Attendance lays out the sessions; vetting assigns the lead to all of them."""
        stage, office = self.stage, self.opening.office(school)
        body = {"group_id": school.group}
        stage.until(lambda: office.request("POST", "/attendance/v1/sessions/schedule", body=body).status_code, 200)
        school.sessions = office.all("/attendance/v1/sessions", group_id=school.group, sort="starts_at")
        sessions = ids(school.sessions)
        stage.until(lambda: len(office.all("/vetting/v1/sessions", group_id=school.group)), len(sessions))
        office.post("/vetting/v1/assignments", {"person_id": school.lead, "session_ids": sessions, "role": "LEAD"})
        stage.until(lambda: self.states(school), {"STAFFED"})

    def share_the_lead(self) -> None:
        """The first school's lead also assists at the other two, under a contract with each."""
        stage, last = self.stage, self.stage.first_day + timedelta(days=self.days[-1])
        for school in self.schools[1:]:
            office = self.opening.office(school)
            terms = {"school_id": school.id, "person_id": self.blocked, "kind": "LABOUR_CONTRACT"}
            wanted = {"person_id": self.blocked, "session_ids": ids(school.sessions), "role": "ASSIST"}
            if school is self.schools[1]:
                stage.refused("assign somebody without a contract here", office, "/vetting/v1/assignments", wanted)
            contract = office.post("/vetting/v1/engagements", terms | {"starts_on": stage.first_day, "ends_on": last})
            path = f"/vetting/v1/engagements/{contract['id']}/sign"
            self.opening.principal(school).post(path, {"party": "school"})
            stage.as_("external_instructor", school=school.id, person=self.blocked).post(path, {"party": "person"})
            office.post("/vetting/v1/assignments", wanted)

    def states(self, school: School, *, since: int = 0) -> set[str]:
        """States of a school's sessions from a day on."""
        office = self.stage.as_("academic_affairs", school=school.id)
        rows = office.all("/attendance/v1/sessions", group_id=school.group, sort="starts_at")
        return {row["state"] for row in rows[since:]}

    def get_ready(self, school: School) -> None:
        """Safety pack, venue check, readiness; the plan becomes active."""
        stage, principal = self.stage, self.opening.principal(school)
        path = f"/enrollment/v1/plans/{school.plan}"
        if school is self.first:
            stage.refused("activate the plan before the safety systems stand", principal, f"{path}/activate")
        demanded = {*self.opening.rules.value("safety.systems"), "emergency_plan", "pickup_rules"}
        items = [{"name": name, "document_ref": f"doc-{name}"} for name in sorted(demanded)]
        pack = {"school_id": school.id, "term_id": self.term, "items": items}
        principal.post("/attendance/v1/safety-packs", pack)
        self.check_venue(school)
        stage.until(lambda: principal.get(f"{path}/readiness")["missing"], [])
        stage.set_time(self.days[0], 8)
        self.check_venue(school)
        stage.until(lambda: principal.get(f"{path}/readiness")["missing"], [])
        principal.post(f"{path}/activate")
        stage.set_time(-3, 9)
        stage.say(f"{school.name}: sessions scheduled and staffed, safety pack in force, plan active")

    def check_venue(self, school: School) -> None:
        """The venue passes its safety check."""
        self.opening.office(school).post(f"/attendance/v1/venues/{school.venue}/checks", {"passed": True})

    # 5 and 6: the days

    def live(self, day: int) -> None:
        """One service day at three schools; on the third day, at noon, the record is decided."""
        stage = self.stage
        stage.set_time(self.days[day], 12)
        if day == 2:
            self.decide_record()
        for school in self.schools:
            self.name_duty_leader(school, day)
            self.check_venue(school)
        for school in reversed(self.schools):
            acts = self.opening.acts if school is self.first else []
            for act in acts:
                act.before_the_session(self, day)
            self.receive(school, day)
            self.release(school, day)
            for act in acts:
                act.after_the_session(self, day)
        kept = sum(len(self.pupils(one, day)) for one in self.schools)
        stage.say(f"service day {day + 1}: {kept} children kept and fetched at three schools")

    def name_duty_leader(self, school: School, day: int) -> None:
        """The principal leads the duty today."""
        stage, when = self.stage, self.days[day]
        hours = {"starts_at": stage.at(when, 13), "ends_at": stage.at(when, 21)}
        duty = {"school_id": school.id, "person_id": school.principal, **hours}
        self.opening.principal(school).post("/vetting/v1/duties", duty)

    def lead_of(self, school: School, day: int) -> str:
        """Who leads on a day: the substitute once the first lead is gone."""
        return school.other if self.record and school.lead == self.blocked and day >= 2 else school.lead

    def receive(self, school: School, day: int) -> None:
        """Staff in, session open, children brought with headcount, roll called."""
        stage, session, lead = self.stage, school.sessions[day]["id"], self.lead_of(school, day)
        stage.set_time(self.days[day], *school.starts)
        looks_closely = day == 0 and school is self.first
        if looks_closely:
            duty = stage.as_("duty_staff", school=school.id)
            stranger = {"session_id": session, "person_id": school.teacher}
            stage.refused("let in a teacher who is not on the roster", duty, "/attendance/v1/presences", stranger)
        sitting.let_in(stage, school, session, lead)
        sitting.open_session(stage, school, session, lead)
        here = self.pupils(school, day)
        if looks_closely:
            self._miscount(school, session, here)
        sitting.hand_over(stage, school, session, [one for one in here if one not in self.in_care], receiver=lead)
        for keeper in sorted({self.in_care[one] for one in here if one in self.in_care}):
            passed = [one for one in here if self.in_care.get(one) == keeper]
            sitting.hand_over(stage, school, session, passed, receiver=lead, giver=keeper)
        self.in_care = {}
        sitting.call_roll(stage, school, session, lead, here)

    def _miscount(self, school: School, session: str, here: list[str]) -> None:
        """The class teacher and the session count differently."""
        teacher = self.stage.as_("class_teacher", school=school.id, person=school.teacher)
        wrong = {"session_id": session, "class_id": school.class_id, "pupil_ids": here, "headcount": len(here) - 1}
        path = "/attendance/v1/custody/hand-over-to-service"
        self.stage.refused("hand over with a wrong headcount", teacher, path, wrong)

    def release(self, school: School, day: int) -> None:
        """Every child goes home with somebody who may fetch it; on the second day one is fetched late."""
        stage, session = self.stage, school.sessions[day]["id"]
        stage.set_time(self.days[day], *school.ends)
        instructor = stage.as_("instructor", school=school.id, person=self.lead_of(school, day))
        instructor.post(f"/attendance/v1/sessions/{session}/begin-dismissal")
        late = school.pupils[0] if day == 1 and school is self.first else None
        if day == 0 and school is self.first:
            unknown = {"method": "ID_CHECK_AND_CALL", "person_id": school.guardian_of[school.pupils[-1]]}
            path = f"/attendance/v1/custody/{school.pupils[0]}/release"
            stage.refused("release a child to an adult who is not authorised", instructor, path, unknown)
            self.gate(school)
        sitting.send_home(stage, school, instructor, [one for one in self.pupils(school, day) if one != late])
        if late is not None:
            self.fetch_late(school, instructor, late)
        instructor.post(f"/attendance/v1/sessions/{session}/close", {"learning_minutes": 0})

    def fetch_late(self, school: School, instructor: Any, pupil: str) -> None:
        """Nobody comes: the case opens, somebody is called, the duty leader takes over, the child is fetched."""
        stage, (hour, minute) = self.stage, school.ends
        stage.set_time(self.days[1], hour, minute + 11)
        stage.until(lambda: self.case(school)["state"] != "")
        case = self.case(school)
        instructor.post(f"/attendance/v1/late-pickups/{case['id']}/contacts", {"outcome": "NO_ANSWER"})
        stage.set_time(self.days[1], hour, minute + 31)
        stage.until(lambda: self.case(school)["level"], 1)
        sitting.send_home(stage, school, self.opening.principal(school), [pupil])
        stage.until(lambda: self.case(school)["state"], "RESOLVED")
        stage.say("a child was fetched half an hour late: a call, the duty leader, and home; no charge follows")

    def case(self, school: School) -> dict[str, Any]:
        """The late-pickup case of the story, or an empty one while there is none."""
        rows = self.stage.as_("principal", school=school.id).all("/attendance/v1/late-pickups", school_id=school.id)
        return dict(rows[0]) if rows else {"state": "", "level": 0}

    def gate(self, school: School) -> None:
        """Somebody without a pass is turned away at the gate."""
        keeper = self.stage.as_("gatekeeper", school=school.id)
        body = {"school_id": school.id, "person_id": school.guardian_of[school.pupils[0]]}
        self.stage.refused("pass the gate without a pass", keeper, "/attendance/v1/gate-entries", body)

    # 6

    @property
    def blocked(self) -> str:
        """The teacher of the record."""
        return self.first.lead

    def decide_record(self) -> None:
        """At noon a second person substantiates the record; within half a second the door is shut everywhere."""
        stage, school = self.stage, self.first
        officer = stage.as_("vetting_officer")
        principal = stage.as_("principal", school=school.id, person=school.principal)
        self.record = principal.post(
            "/vetting/v1/conduct-records",
            {
                "person_id": self.blocked,
                "kind": "ETHICS_SUBSTANTIATED",
                "category": "E09",
                "account": "据家长反映并经核查",
                "evidence_ref": "case-1",
            },
        )["id"]
        officer.post(f"/vetting/v1/conduct-records/{self.record}/triage")
        began = time.monotonic()
        officer.post(
            f"/vetting/v1/conduct-records/{self.record}/substantiate",
            {"sanction": "DEMERIT", "evidence_ref": "decision-1"},
        )
        today = school.sessions[2]["id"]
        duty = stage.as_("duty_staff", school=school.id)
        stage.until(lambda: self.reason(duty, today), "person_blocked")
        self.effect_seconds = time.monotonic() - began
        arrival = {"session_id": today, "person_id": self.blocked}
        stage.refused("let the blocked teacher in", duty, "/attendance/v1/presences", arrival)
        stage.until(lambda: self.states(school, since=2), {"UNSTAFFED"})
        gone = officer.all("/vetting/v1/assignments", person_id=self.blocked, state="REMOVED")
        places = {one["school_id"] for one in gone}
        assert (len(gone), len(places)) == (9, 3), gone
        stage.say(
            f"a conduct record was substantiated: {len(gone)} assignments at {len(places)} schools gone at once,"
            f" the door shut after {self.effect_seconds:.2f} s"
        )
        self.substitute(school)

    def reason(self, client: Any, session: str) -> str | None:
        """Why the roster keeps the teacher out."""
        lines = client.get("/attendance/v1/roster", session_id=session)["items"]
        return next((line["reason"] for line in lines if line["person_id"] == self.blocked), "unknown")

    def substitute(self, school: School) -> None:
        """Another teacher accepts every vacancy."""
        stage, office = self.stage, self.stage.as_("academic_affairs", school=school.id)
        requests = office.all("/vetting/v1/substitute-requests", school_id=school.id, sort="starts_at")
        other = stage.as_("instructor", school=school.id, person=school.other)
        for request in requests:
            office.post(f"/vetting/v1/substitute-requests/{request['id']}/offer", {"person_id": school.other})
            other.post(f"/vetting/v1/substitute-requests/{request['id']}/accept")
        stage.until(lambda: self.states(school, since=2), {"STAFFED"})
        stage.say(f"{school.name}: a substitute took {len(requests)} sessions")

    def restore(self) -> None:
        """The finding is overturned; a new clearance works, what was taken stays taken."""
        stage, school = self.stage, self.first
        officer = stage.as_("vetting_officer")
        path = f"/vetting/v1/conduct-records/{self.record}"
        stage.as_("instructor", school=school.id, person=self.blocked).post(f"{path}/appeal")
        stage.as_("district_admin").post(f"{path}/reverse", {"evidence_ref": "review-1"})
        office = stage.as_("academic_affairs", school=school.id)
        office.post(f"/vetting/v1/people/{self.blocked}/start-review", {"consent": True})
        for kind in TEACHER_CHECKS:
            check = officer.post("/vetting/v1/checks", {"person_id": self.blocked, "kind": kind})
            officer.post(f"/vetting/v1/checks/{check['id']}/submit")
            result = {
                "result": "CLEAR",
                "as_of": stage.first_day + timedelta(days=self.days[2]),
                "evidence_ref": "query-2",
            }
            officer.post(f"/vetting/v1/checks/{check['id']}/record-result", result)
        officer.post(f"/vetting/v1/people/{self.blocked}/clear")
        assigned = officer.all("/vetting/v1/assignments", person_id=self.blocked, sort="starts_at")
        assert [one["state"] for one in assigned] == ["SERVED"] * 6 + ["REMOVED"] * 9, assigned
        stage.say("the finding was overturned: cleared anew, the old assignments stay gone")

"""The opening of a term (S0, S1): from the rostering file to children on the rolls."""

import json
from datetime import timedelta
from typing import Any

from services.finance.payments.rules import sign
from tests.builders import rostering
from tests.builders.staff import TEACHER_CHECKS
from tests.stories.stage import School, Stage, ids

FEE_FEN = 5_000
HOURS = ((17, 0), (15, 45), (14, 30))
"""The schools' sessions follow one another, so that one teacher can serve at all three."""
CHECKS = TEACHER_CHECKS


class Opening:
    """Steps 1 to 4 of the story."""

    def __init__(self, stage: Stage, *, pupils: int = 1800, families: tuple[int, ...] = (24, 8, 8)) -> None:
        """`families`: how many of each school's take part."""
        self.stage = stage
        self.pupils = pupils
        self.families = families
        self.schools: list[School] = []
        self.term = ""

    def play(self) -> list[School]:
        """Everything up to active participations and published rolls."""
        self.stage.set_time(-20, 9)
        self.import_roster()
        self.publish_rules()
        for school in self.schools:
            self.clear_staff(school)
        for school in self.schools:
            self.consult(school)
            self.write_plan(school)
            self.approve_fee(school)
            self.file_plan(school)
        for school in self.schools:
            self.apply(school)
            self.form_group(school)
            self.take_part(school)
        return self.schools

    # 1

    def import_roster(self) -> None:
        """A OneRoster bundle is staged, previewed and applied; a broken one is refused whole."""
        stage, admin = self.stage, self.stage.as_("district_admin")
        raw = {"Content-Type": "application/zip"}
        broken = admin.request("POST", "/enrollment/v1/imports", content=b"no zip", headers=raw)
        assert broken.status_code in (409, 422), broken.text
        data = rostering.bundle(7, schools=len(self.families), pupils=self.pupils)
        preview = admin.request("POST", "/enrollment/v1/imports", content=data, headers=raw).json()
        job = admin.post(f"/enrollment/v1/imports/{preview['id']}/apply", {"confirmed": True})
        stage.until(lambda: admin.get(f"/enrollment/v1/jobs/{job['id']}")["state"], "done")
        for row in sorted(admin.all("/enrollment/v1/schools"), key=lambda row: str(row["identifier"])):
            self.schools.append(School(row["id"], row["name"], starts=HOURS[len(self.schools)]))
        for school in self.schools:
            self._meet(school)
        stage.say(f"{self.pupils} pupils of {len(self.schools)} schools came in by one OneRoster bundle")

    def _meet(self, school: School) -> None:
        """Who is who: a class of grade 3 or more, its teacher, two more teachers, the families."""
        admin = self.stage.as_("district_admin", school=school.id)
        classes = admin.all("/enrollment/v1/classes", school_id=school.id)
        chosen = next(one for one in sorted(classes, key=lambda one: one["grade"]) if one["grade"] >= 3)
        school.class_id, school.teacher = chosen["id"], chosen["teacher_id"]
        staff = admin.all("/enrollment/v1/staff-members", school_id=school.id)
        teachers = [one["person_id"] for one in staff if one["role"] == "teacher"]
        school.lead, school.other = [one for one in teachers if one != school.teacher][:2]
        school.principal = next(one["person_id"] for one in staff if one["role"] == "principal")
        pupils = admin.all("/enrollment/v1/pupils", class_id=school.class_id)
        links = admin.all("/enrollment/v1/guardian-links", school_id=school.id, state="VERIFIED")
        guardians = {link["pupil_id"]: link["guardian_id"] for link in links}
        wanted = self.families[self.schools.index(school)]
        staff_ids = {one["person_id"] for one in staff}  # a teacher may not review the application for their own child
        with_family = [pupil["id"] for pupil in pupils if guardians.get(pupil["id"], "") not in {"", *staff_ids}]
        school.pupils = with_family[:wanted]
        school.guardian_of = {pupil: guardians[pupil] for pupil in school.pupils}

    # 2

    def publish_rules(self) -> None:
        """The district puts its policy profile and the school calendar in force."""
        stage, admin = self.stage, self.stage.as_("district_admin")
        admin.post(
            "/enrollment/v1/policy-profiles",
            {"base": "p5-hebi", "effective_from": stage.first_day - timedelta(days=60)},
        )
        days = [stage.first_day + timedelta(days=day) for day in range(5)]
        calendar = admin.post(
            "/enrollment/v1/calendars",
            {
                "title": "2026 秋",
                "starts_on": days[0],
                "ends_on": days[-1],
                "collection_starts_on": stage.first_day - timedelta(days=15),
                "school_days": days,
            },
        )
        self.term = calendar["id"]
        stage.say("the district published Hebi's policy profile (P5) and a calendar of five service days")

    def clear_staff(self, school: School) -> None:
        """Three teachers and the principal agree to the queries, are checked and cleared."""
        stage = self.stage
        office, officer = stage.as_("academic_affairs", school=school.id), stage.as_("vetting_officer")
        people = (school.teacher, school.lead, school.other, school.principal)
        stage.until(lambda: all(self._is_known(person) for person in people))
        for person in people:
            self._clear(office, officer, person)
        stage.say(f"{school.name}: four staff members checked and cleared")

    def _is_known(self, person: str) -> bool:
        reply = self.stage.as_("vetting_officer").request("GET", f"/vetting/v1/people/{person}")
        return reply.status_code == 200 and self._has_policy()

    def _has_policy(self) -> bool:
        probe = self.stage.as_("academic_affairs").request("POST", "/vetting/v1/people", body={"category": "NOBODY"})
        return bool(probe.json()["code"] == "category_not_allowed")

    def _clear(self, office: Any, officer: Any, person: str) -> None:
        state = officer.get(f"/vetting/v1/people/{person}")
        kinds = CHECKS if state["category"] == "OWN_TEACHER" else CHECKS[:3]
        office.post(f"/vetting/v1/people/{person}/start-review", {"consent": True})
        if not self.stage.refusals:
            self.stage.refused(
                "clear a teacher before the checks are in", officer, f"/vetting/v1/people/{person}/clear"
            )
        for kind in kinds:
            check = officer.post("/vetting/v1/checks", {"person_id": person, "kind": kind})
            officer.post(f"/vetting/v1/checks/{check['id']}/submit")
            officer.post(
                f"/vetting/v1/checks/{check['id']}/record-result",
                {"result": "CLEAR", "as_of": self.stage.first_day - timedelta(days=20), "evidence_ref": "query-1"},
            )
        officer.post(f"/vetting/v1/people/{person}/clear")

    def consult(self, school: School) -> None:
        """Every pupil of the school is asked."""
        office = self.stage.as_("academic_affairs", school=school.id)
        survey = office.post(
            "/enrollment/v1/surveys",
            {"school_id": school.id, "term_id": self.term, "closes_on": self.stage.first_day - timedelta(days=18)},
        )
        answers = [{"pupil_id": pupil, "wants_service": True, "content_types": ["READING"]} for pupil in school.pupils]
        office.post(f"/enrollment/v1/surveys/{survey['id']}/enter-answers", {"answers": answers})
        self.stage.set_time(-18, 17)
        closed = office.post(f"/enrollment/v1/surveys/{survey['id']}/close")
        self.stage.say(f"{school.name}: all {closed['sent_count']} pupils were surveyed")

    def write_plan(self, school: School) -> None:
        """The school's plan with a fee-bearing reading item."""
        stage = self.stage
        office = stage.as_("academic_affairs", school=school.id, person=school.other)
        group = [school.principal, school.teacher, school.other]
        plan = office.post(
            "/enrollment/v1/plans",
            {"school_id": school.id, "term_id": self.term, "summary": "课后服务方案", "leadership_group": group},
        )
        school.plan = plan["id"]
        grade = stage.as_("district_admin").get("/enrollment/v1/classes", school_id=school.id, limit=200)["items"]
        chosen = next(one for one in grade if one["id"] == school.class_id)["grade"]
        item = {
            "plan_id": school.plan,
            "title": "自主阅读",
            "content_type": "READING",
            "stage": "primary" if chosen <= 6 else "junior",
            "grades": [chosen],
            "segment": "service",
            "weekdays": [1, 2, 3, 4, 5],
            "starts": "{:02}:{:02}".format(*school.starts),
            "ends": "{:02}:{:02}".format(*school.ends),
            "capacity": 40,
            "fee_bearing": True,
            "lead_person_id": school.lead,
        }
        principal = stage.as_("principal", school=school.id, person=school.principal)
        if school is self.schools[0]:
            late = office.post("/enrollment/v1/items", item | {"starts": "17:00", "ends": "19:10"})
            stage.refused("an item until 19:10", principal, f"/enrollment/v1/items/{late['id']}/approve")
            office.post(f"/enrollment/v1/items/{late['id']}/delist", expect=(200, 404, 409))
        made = office.post("/enrollment/v1/items", item)
        school.item = made["id"]
        principal.post(f"/enrollment/v1/items/{school.item}/approve")
        office.post(f"/enrollment/v1/plans/{school.plan}/complete")
        office.post(f"/enrollment/v1/plans/{school.plan}/submit")

    def approve_fee(self, school: School) -> None:
        """A fee standard is drafted, approved by two authorities, posted, and verified by another person."""
        stage, where = self.stage, {"school": school.id}
        accountant, admin = stage.as_("accountant", **where), stage.as_("district_admin")
        wanted = {
            "school_id": school.id,
            "term_id": self.term,
            "item_ids": [school.item],
            "kind": "SERVICE_FEE",
            "unit": "per_term",
            "amount_fen": FEE_FEN,
            "costs": {"expected_pupils": 24, "items": [{"category": "STAFF_LABOUR_PAY", "amount_fen": 24 * FEE_FEN}]},
            "complaint_phone": "0392-0000000",
            "payee_account": f"4100-{school.id[-6:]}",
            "effective_from": stage.first_day - timedelta(days=18),
        }
        stage.until(lambda: accountant.request("POST", "/finance/v1/fee-standards", body=wanted).status_code, 201)
        standard = accountant.all("/finance/v1/fee-standards", school_id=school.id)[0]
        path = f"/finance/v1/fee-standards/{standard['id']}"
        accountant.post(f"{path}/submit")
        for authority in ("price_and_education_proposal", "government_approval"):
            admin.post(f"{path}/approve", {"authority": authority, "document_no": "鹤价〔2026〕1号"})
        contents = accountant.get(path)["posting"]
        office = stage.as_("academic_affairs", **where)
        posted = office.post(
            "/finance/v1/fee-publications",
            {"standard_id": standard["id"], "photo_ref": "board-1", "place": "校门公示栏", "contents": contents},
        )
        verify = f"/finance/v1/fee-publications/{posted['id']}/verify"
        stage.as_("inspector").post(verify, {"contents": contents})
        stage.say(f"{school.name}: a fee of {FEE_FEN // 100} yuan approved, posted, and verified by an inspector")

    # 3

    def file_plan(self, school: School) -> None:
        """The district files the plan; then the item is listed, the notice published, the window opened."""
        stage = self.stage
        office = stage.as_("academic_affairs", school=school.id, person=school.other)
        admin = stage.as_("district_admin")
        window = office.post("/enrollment/v1/windows", {"plan_id": school.plan})
        if school is self.schools[0]:
            stage.refused(
                "open the window before the plan is on file", office, f"/enrollment/v1/windows/{window['id']}/open"
            )
        found = admin.get(f"/enrollment/v1/plans/{school.plan}")
        admin.post(
            f"/enrollment/v1/plans/{school.plan}/file",
            {"file_no": f"鹤教备{school.plan[-4:]}", "content_hash": found["content_hash"]},
        )
        stage.until(lambda: office.request("POST", f"/enrollment/v1/items/{school.item}/list").status_code, 200)
        texts = ("mode", "content", "time", "venue", "staff", "fee", "fee_spending", "safety")
        notice = {"plan_id": school.plan, "channels": ["parents_meeting"], "elements": dict.fromkeys(texts, "见附件")}
        if school is self.schools[0]:
            thin = office.post("/enrollment/v1/notices", notice | {"elements": {"mode": "见附件"}})
            stage.refused(
                "a notice without time, venue, staff, fee", office, f"/enrollment/v1/notices/{thin['id']}/publish"
            )
        whole = office.post("/enrollment/v1/notices", notice)
        office.post(f"/enrollment/v1/notices/{whole['id']}/publish")
        office.post(f"/enrollment/v1/windows/{window['id']}/open")
        school.window = window["id"]
        stage.say(f"{school.name}: plan on file, item listed, notice out, window open")

    # 4

    def apply(self, school: School) -> None:
        """Guardians apply; the class teacher reviews; the leadership approves; the agreement is signed."""
        stage = self.stage
        if school is self.schools[0]:
            stranger = stage.as_("guardian", person=school.teacher)
            body = {"window_id": school.window, "pupil_id": school.pupils[0], "item_ids": [school.item]}
            stranger.post("/enrollment/v1/applications", body, expect=(404, 409))
        applications = [self._apply(school, pupil) for pupil in school.pupils]
        class_teacher = stage.as_("class_teacher", school=school.id, person=school.teacher)
        leader = stage.as_("leadership_member", school=school.id, person=school.other)
        everything = {"application_ids": ids(applications)}
        if school is self.schools[0]:
            stage.refused(
                "the school approves before the class has reviewed",
                leader,
                "/enrollment/v1/applications/school-review",
                everything | {"decision": "approve"},
            )
        class_teacher.post("/enrollment/v1/applications/class-review", everything)
        if school is self.schools[0]:
            stage.refused(
                "turn a child away for want of places",
                leader,
                "/enrollment/v1/applications/school-review",
                {"application_ids": ids(applications)[:1], "decision": "reject", "reason_code": "CAPACITY"},
            )
        leader.post("/enrollment/v1/applications/school-review", everything | {"decision": "approve"})
        sections = dict.fromkeys(("school", "guardian", "instructor", "pupil"), "权利与义务")
        office = stage.as_("academic_affairs", school=school.id)
        offered = office.post("/enrollment/v1/agreements", everything | {"sections": sections})["items"]
        for agreement in offered:
            guardian = stage.as_("guardian", person=school.guardian_of[agreement["pupil_id"]])
            guardian.post(f"/enrollment/v1/agreements/{agreement['id']}/sign")
        principal = stage.as_("principal", school=school.id, person=school.principal)
        principal.post("/enrollment/v1/agreements/countersign", {"agreement_ids": ids(offered)})
        stage.say(f"{school.name}: {len(applications)} families applied, were approved, and signed")

    def _apply(self, school: School, pupil: str) -> dict[str, Any]:
        guardian = self.stage.as_("guardian", person=school.guardian_of[pupil])
        body = {"window_id": school.window, "pupil_id": pupil, "item_ids": [school.item]}
        made: dict[str, Any] = guardian.post("/enrollment/v1/applications", body)
        return made

    def form_group(self, school: School) -> None:
        """A venue is checked and a group formed with its lead."""
        stage = self.stage
        office = stage.as_("academic_affairs", school=school.id)
        venue = office.post("/attendance/v1/venues", {"school_id": school.id, "name": "阅览室"})
        school.venue = venue["id"]
        group = office.post(
            "/enrollment/v1/groups",
            {
                "item_id": school.item,
                "title": "阅读一班",
                "venue_id": school.venue,
                "lead_person_id": school.lead,
                "capacity": 40,
            },
        )
        school.group = group["id"]

    def take_part(self, school: School) -> None:
        """Participations are confirmed, invoices paid or waived, rolls published, groups confirmed."""
        stage = self.stage
        office = stage.as_("academic_affairs", school=school.id)
        school.waived = school.pupils[-1]
        stage.as_("district_admin").post(
            "/finance/v1/waivers/import",
            {
                "document_no": "鹤民〔2026〕7号",
                "rows": [
                    {
                        "pupil_id": school.waived,
                        "basis": "SUBSISTENCE_ALLOWANCE",
                        "starts_on": stage.first_day - timedelta(days=30),
                        "ends_on": stage.first_day + timedelta(days=200),
                    }
                ],
            },
        )
        stage.set_time(-14, 9)
        confirmed = office.post("/enrollment/v1/participations", {"window_id": school.window})["items"]
        office.post(f"/enrollment/v1/groups/{school.group}/add-members", {"participation_ids": ids(confirmed)})
        stage.until(lambda: len(self._invoices(school)), len(confirmed))
        for invoice in self._invoices(school):
            if invoice["state"] == "ISSUED":
                self.pay(school, invoice)
        stage.until(lambda: {one["state"] for one in self._participations(school)}, {"ACTIVE"})
        office.post(f"/enrollment/v1/groups/{school.group}/confirm")
        stage.say(f"{school.name}: {len(confirmed)} children take part; one family owes nothing by waiver")

    def _invoices(self, school: School) -> list[dict[str, Any]]:
        accountant = self.stage.as_("accountant", school=school.id)
        found = accountant.all("/finance/v1/invoices", school_id=school.id)
        return [one for one in found if one["state"] not in ("DRAFT", "HELD")]

    def _participations(self, school: School) -> list[dict[str, Any]]:
        office = self.stage.as_("academic_affairs", school=school.id)
        return list(office.all("/enrollment/v1/participations", school_id=school.id))

    def pay(self, school: School, invoice: dict[str, Any]) -> None:
        """The guardian starts a payment; the gateway tells that money came, signed; an altered word changes nothing."""
        stage = self.stage
        guardian = stage.as_("guardian", person=school.guardian_of[invoice["pupil_id"]])
        payment = guardian.post("/finance/v1/payments", {"invoice_id": invoice["id"]})
        word = {
            "district_id": payment["district_id"],
            "payment_id": payment["id"],
            "transaction_id": f"gateway-{payment['id']}",
            "amount_fen": payment["amount_fen"],
            "payee_account": payment["payee_account"],
        }
        body = json.dumps(word).encode()
        signature = sign(stage.callback_key, body)
        altered = body.replace(str(word["amount_fen"]).encode(), b"1")
        assert self._call_back(altered, signature) == 401
        assert [self._call_back(body, signature) for _ in range(2)] == [200, 200]

    def _call_back(self, body: bytes, signature: str) -> int:
        headers = {"X-Signature": signature, "Content-Type": "application/json"}
        return self.stage.http.post("/finance/v1/payment-callbacks", content=body, headers=headers).status_code

"""The opening of a term (S0): from the rostering file to a window in which families may apply."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.policy import Policy
from tests.builders import rostering
from tests.builders.staff import TEACHER_CHECKS
from tests.client import Client
from tests.stories.families import Families
from tests.stories.plots import Plot, term_of
from tests.stories.stage import School, Stage

STAFF_CHECKS = TEACHER_CHECKS[:3]


class Opening:
    """Steps 1 to 4 of the story, by the rules of the profile that the district published."""

    def __init__(self, stage: Stage, plot: Plot, *, pupils: int = 1800, families: tuple[int, ...] = (24, 8, 8)) -> None:
        """`families`: how many of each school's take part."""
        self.stage = stage
        self.plot = plot
        self.sizes = (pupils, families)
        self.schools: list[School] = []
        self.term = ""
        self.families = Families(self)
        self.acts = [act(self) for act in plot.acts]
        self.rules: Policy

    def play(self) -> list[School]:
        """Everything up to active participations and published rolls."""
        stage = self.stage
        stage.set_time(-30, 9)
        self.publish_rules()
        self.import_roster()
        stage.until(self.has_policy)
        for act in self.acts:
            act.before_the_plan()
        stage.set_time(-20, 9)
        for school in self.schools:
            self.clear_staff(school)
        for school in self.schools:
            self.consult(school)
            self.write_plan(school)
            self.set_fees(school)
            self.file_plan(school)
            self.tell_families(school)
        for school in self.schools:
            self.families.play(school)
        return self.schools

    # Who acts

    def office(self, school: School) -> Client:
        """Academic affairs, in the person who writes the plan."""
        return self.stage.as_("academic_affairs", school=school.id, person=school.other)

    def principal(self, school: School) -> Client:
        """The principal."""
        return self.stage.as_("principal", school=school.id, person=school.principal)

    def is_first(self, school: School) -> bool:
        """Whether it is the school that the story looks at closely."""
        return school is self.schools[0]

    # 1

    def import_roster(self) -> None:
        """A OneRoster bundle is staged, previewed and applied; a broken one is refused whole.

        Its last school is a junior one, which not every profile serves.
        """
        stage, admin, pupils = self.stage, self.stage.as_("district_admin"), self.sizes[0]
        raw = {"Content-Type": "application/zip"}
        broken = admin.request("POST", "/enrollment/v1/imports", content=b"no zip", headers=raw)
        assert broken.status_code in (409, 422), broken.text
        others = 0 if "junior" in self.rules.value("stages") else 1
        data = rostering.bundle(7, pupils=pupils, schools=len(self.sizes[1]) + others)
        preview = admin.request("POST", "/enrollment/v1/imports", content=data, headers=raw).json()
        job = admin.post(f"/enrollment/v1/imports/{preview['id']}/apply", {"confirmed": True})
        stage.until(lambda: admin.get(f"/enrollment/v1/jobs/{job['id']}")["state"], "done")
        rows = sorted(admin.all("/enrollment/v1/schools"), key=lambda row: str(row["identifier"]))
        for row, offer in zip(rows, self.plot.offers[: len(self.sizes[1])], strict=False):
            self.schools.append(School(row["id"], row["name"], segment=offer.segment, starts=offer.starts))
        for school in self.schools:
            self._meet(school)
        stage.say(f"{pupils} pupils of {len(rows)} schools came in by one OneRoster bundle")

    def _meet(self, school: School) -> None:
        """Who is who: a class of grade 3 or more, its teacher, two more teachers, the families."""
        admin = self.stage.as_("district_admin", school=school.id)
        classes = admin.all("/enrollment/v1/classes", school_id=school.id)
        chosen = next(one for one in sorted(classes, key=lambda one: one["grade"]) if one["grade"] >= 3)
        school.class_id, school.teacher, school.grade = chosen["id"], chosen["teacher_id"], chosen["grade"]
        staff = admin.all("/enrollment/v1/staff-members", school_id=school.id)
        teachers = [one["person_id"] for one in staff if one["role"] == "teacher"]
        school.lead, school.other = [one for one in teachers if one != school.teacher][:2]
        school.principal = next(one["person_id"] for one in staff if one["role"] == "principal")
        pupils = admin.all("/enrollment/v1/pupils", class_id=school.class_id)
        links = admin.all("/enrollment/v1/guardian-links", school_id=school.id, state="VERIFIED")
        guardians = {link["pupil_id"]: link["guardian_id"] for link in links}
        staff_ids = {one["person_id"] for one in staff}  # a teacher may not review the application for their own child
        with_family = [pupil["id"] for pupil in pupils if guardians.get(pupil["id"], "") not in {"", *staff_ids}]
        wanted = self.sizes[1][self.schools.index(school)]
        school.pupils, school.others = with_family[:wanted], with_family[wanted:]
        school.guardian_of = {pupil: guardians[pupil] for pupil in with_family}

    # 2

    def publish_rules(self) -> None:
        """The district puts its policy profile and the school calendar in force."""
        stage, admin = self.stage, self.stage.as_("district_admin")
        wanted = {"base": self.plot.base, "effective_from": stage.first_day - timedelta(days=60)}
        published = admin.post("/enrollment/v1/policy-profiles", wanted)
        document = admin.get(f"/enrollment/v1/policy-profiles/{published['id']}")["document"]
        self.rules = Policy.from_document(published["profile_id"], published["profile_version"], document)
        days = term_of(self.plot, stage.first_day)
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
        served = len(self.plot.days)
        stage.say(f"the district published the profile {self.plot.base} and a calendar with {served} service days")

    def has_policy(self) -> bool:
        """Whether vetting rules by the profile already."""
        probe = self.stage.as_("academic_affairs").request("POST", "/vetting/v1/people", body={"category": "NOBODY"})
        return bool(probe.json()["code"] == "category_not_allowed")

    def clear_staff(self, school: School) -> None:
        """Three teachers and the principal agree to the queries, are checked and cleared."""
        stage, office, officer = self.stage, self.office(school), self.stage.as_("vetting_officer")
        people = (school.teacher, school.lead, school.other, school.principal)
        stage.until(lambda: all(self._is_known(person) for person in people))
        for person in people:
            state = officer.get(f"/vetting/v1/people/{person}")
            office.post(f"/vetting/v1/people/{person}/start-review", {"consent": True})
            clear = f"/vetting/v1/people/{person}/clear"
            if self.is_first(school) and person == school.teacher:
                stage.refused("clear a teacher before the checks are in", officer, clear)
            self.check(person, TEACHER_CHECKS if state["category"] == "OWN_TEACHER" else STAFF_CHECKS, as_of=-20)
            officer.post(clear)
        stage.say(f"{school.name}: four staff members checked and cleared")

    def _is_known(self, person: str) -> bool:
        reply = self.stage.as_("vetting_officer").request("GET", f"/vetting/v1/people/{person}")
        return reply.status_code == 200

    def check(self, person: str, kinds: Sequence[str], *, as_of: int) -> None:
        """Every check of a person, clear as of a day of the term."""
        officer = self.stage.as_("vetting_officer")
        for kind in kinds:
            check = officer.post("/vetting/v1/checks", {"person_id": person, "kind": kind})
            path = f"/vetting/v1/checks/{check['id']}"
            officer.post(f"{path}/submit")
            day = self.stage.first_day + timedelta(days=as_of)
            officer.post(f"{path}/record-result", {"result": "CLEAR", "as_of": day, "evidence_ref": "query-1"})

    def consult(self, school: School) -> None:
        """Every pupil of the school is asked, where the profile wants the families' opinion."""
        if not (self.rules.value("consultation") or self.rules.value("survey_all_pupils")):
            return
        office = self.office(school)
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
        """The school's plan with its reading item."""
        office, principal = self.office(school), self.principal(school)
        group = [school.principal, school.teacher, school.other]
        plan = office.post(
            "/enrollment/v1/plans",
            {"school_id": school.id, "term_id": self.term, "summary": "课后服务方案", "leadership_group": group},
        )
        school.plan = plan["id"]
        if self.is_first(school):
            starts, ends = self.plot.too_late
            late = office.post("/enrollment/v1/items", self.item(school, starts=starts, ends=ends))
            path = f"/enrollment/v1/items/{late['id']}/approve"
            self.stage.refused("an item that ends too late", principal, path)
        school.item = office.post("/enrollment/v1/items", self.item(school))["id"]
        principal.post(f"/enrollment/v1/items/{school.item}/approve")
        if self.is_first(school):
            for act in self.acts:
                act.add_items()
        office.post(f"/enrollment/v1/plans/{school.plan}/complete")

    def item(self, school: School, **changes: Any) -> dict[str, Any]:
        """An item of a school's catalogue: reading, on every weekday of the term, at the school's hours."""
        return {
            "plan_id": school.plan,
            "title": "自主阅读",
            "content_type": "READING",
            "stage": "primary" if school.grade <= 6 else "junior",
            "grades": [school.grade],
            "segment": school.segment,
            "weekdays": sorted({day % 7 + 1 for day in self.plot.days}),
            "starts": "{:02}:{:02}".format(*school.starts),
            "ends": "{:02}:{:02}".format(*school.ends),
            "capacity": 40,
            "fee_bearing": bool(self.plot.fee_fen),
            "lead_person_id": school.lead,
        } | changes

    def set_fees(self, school: School) -> None:
        """What the families pay, where they pay anything."""
        if fee := self.plot.fee_fen:
            costs = {"expected_pupils": 24, "items": [{"category": "STAFF_LABOUR_PAY", "amount_fen": 24 * fee}]}
            self.publish_fee(school, item=school.item, kind="SERVICE_FEE", amount_fen=fee, costs=costs)
        if self.is_first(school):
            for act in self.acts:
                act.set_fees()

    def fee(self, school: School, *, item: str, **fee: Any) -> dict[str, Any]:
        """A fee standard of a school; `fee`: kind, amount_fen, costs."""
        return {
            "school_id": school.id,
            "term_id": self.term,
            "item_ids": [item],
            "unit": "per_term",
            "complaint_phone": "0392-0000000",
            "payee_account": f"4100-{school.id[-6:]}",
            "effective_from": self.stage.first_day - timedelta(days=18),
        } | fee

    def publish_fee(self, school: School, **fee: Any) -> None:
        """A fee standard is drafted, approved by each authority, posted, and verified by another person."""
        stage, where = self.stage, {"school": school.id}
        accountant, admin = stage.as_("accountant", **where), stage.as_("district_admin")
        wanted, before = self.fee(school, **fee), len(accountant.all("/finance/v1/fee-standards", school_id=school.id))
        stage.until(lambda: accountant.request("POST", "/finance/v1/fee-standards", body=wanted).status_code, 201)
        standard = accountant.all("/finance/v1/fee-standards", school_id=school.id)[before]
        path = f"/finance/v1/fee-standards/{standard['id']}"
        accountant.post(f"{path}/submit")
        for authority in self.rules.value("fee.approval"):
            if authority != "publication":
                admin.post(f"{path}/approve", {"authority": authority, "document_no": "价〔2026〕1号"})
        contents = accountant.get(path)["posting"]
        posted = stage.as_("academic_affairs", **where).post(
            "/finance/v1/fee-publications",
            {"standard_id": standard["id"], "photo_ref": "board-1", "place": "校门公示栏", "contents": contents},
        )
        verify = f"/finance/v1/fee-publications/{posted['id']}/verify"
        stage.as_("inspector").post(verify, {"contents": contents})
        stage.say(f"{school.name}: a fee of {wanted['amount_fen'] / 100:.2f} yuan approved, posted, and verified")

    # 3

    def file_plan(self, school: School) -> None:
        """The plan on file, as the profile has it: filed by the district, after a review, or adopted by the school."""
        stage, office, admin = self.stage, self.office(school), self.stage.as_("district_admin")
        path, filing = f"/enrollment/v1/plans/{school.plan}", self.rules.value("plan.filing")
        school.window = office.post("/enrollment/v1/windows", {"plan_id": school.plan})["id"]
        if self.is_first(school):
            opened = f"/enrollment/v1/windows/{school.window}/open"
            stage.refused("open the window before the plan is on file", office, opened)
        if filing == "none":
            self.principal(school).post(f"{path}/adopt")
            stage.say(f"{school.name}: plan adopted")
            return
        office.post(f"{path}/submit")
        if filing == "review_and_file" and self.is_first(school):
            admin.post(f"{path}/return", {"reason": "请补充接送安排"})
            office.post(f"{path}/complete")
            office.post(f"{path}/submit")
            stage.say(f"{school.name}: the district reviewed the plan and sent it back once")
        content = {"content_hash": admin.get(path)["content_hash"]}
        admin.post(f"{path}/file", content | {"file_no": f"备{school.plan[-4:]}"})
        stage.say(f"{school.name}: plan on file")

    def tell_families(self, school: School) -> None:
        """The item is listed, the notice published with every element of the profile, the window opened."""
        stage, office = self.stage, self.office(school)
        stage.until(lambda: office.request("POST", f"/enrollment/v1/items/{school.item}/list").status_code, 200)
        if self.is_first(school):
            for act in self.acts:
                act.list_items()
        elements = dict.fromkeys(self.rules.value("notice.elements"), "见附件")
        notice = {"plan_id": school.plan, "channels": self.rules.value("notice.channels"), "elements": elements}
        if self.is_first(school):
            less = office.post("/enrollment/v1/notices", notice | {"elements": dict(list(elements.items())[1:])})
            path = f"/enrollment/v1/notices/{less['id']}/publish"
            stage.refused("a notice that leaves something out", office, path)
        whole = office.post("/enrollment/v1/notices", notice)
        office.post(f"/enrollment/v1/notices/{whole['id']}/publish")
        office.post(f"/enrollment/v1/windows/{school.window}/open")
        stage.say(f"{school.name}: item listed, notice out, window open")

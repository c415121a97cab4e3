"""How families come to take part (S1): applying, being reviewed, agreeing, paying, and being placed."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.finance.payments.rules import sign
from tests.client import Client
from tests.stories.stage import School, Stage, ids

if TYPE_CHECKING:
    from tests.stories.opening import Opening

DUTIES = ("school", "guardian", "instructor", "pupil")
APPLICATIONS = "/enrollment/v1/applications"


class Families:
    """Everything from the first wish to the published roll."""

    def __init__(self, opening: "Opening") -> None:
        self.opening = opening

    @property
    def stage(self) -> Stage:
        """Where it is played."""
        return self.opening.stage

    def play(self, school: School) -> None:
        """All steps at one school."""
        applications = self.apply(school)
        self.agree(school, applications)
        self.stage.say(f"{school.name}: {len(applications)} families applied, were approved, and agreed")
        self.form_group(school)
        if self.opening.is_first(school):
            for act in self.opening.acts:
                act.form_groups()
        self.take_part(school)

    def guardian(self, school: School, pupil: str) -> Client:
        """A pupil's guardian."""
        return self.stage.as_("guardian", person=school.guardian_of[pupil])

    # Applying

    def apply(self, school: School) -> list[dict[str, Any]]:
        """Every family goes through the profile's chain, step by step."""
        steps = [step["step"] for step in self.opening.rules.value("review_chain.care")]
        applications = [self.begin(school, pupil, steps[0]) for pupil in school.pupils]
        leader = self.stage.as_("leadership_member", school=school.id, person=school.other)
        everything = {"application_ids": ids(applications)}
        if len(steps) > 1 and self.opening.is_first(school):
            tried, early = "the school decides before the class has reviewed", everything | {"decision": "approve"}
            self.stage.refused(tried, leader, f"{APPLICATIONS}/school-review", early)
        for step in steps[1:]:
            self.go_on(school, step, applications, leader)
        return applications

    def begin(self, school: School, pupil: str, step: str) -> dict[str, Any]:
        """The first step: a guardian applies, or asks the class teacher."""
        items = [school.item, *school.also_wants.get(pupil, [])]
        wish: dict[str, Any] = {"window_id": school.window, "pupil_id": pupil, "item_ids": items}
        if step == "register_oral":
            oral = wish | {"guardian_id": school.guardian_of[pupil]}
            return dict(self.class_teacher(school).post(f"{APPLICATIONS}/register-oral", oral))
        return dict(self.guardian(school, pupil).post(APPLICATIONS, wish))

    def class_teacher(self, school: School) -> Client:
        """The teacher of the class."""
        return self.stage.as_("class_teacher", school=school.id, person=school.teacher)

    def go_on(self, school: School, step: str, applications: Sequence[dict[str, Any]], leader: Client) -> None:
        """One more step for every application."""
        everything = {"application_ids": ids(applications)}
        if step == "submit_form":
            self._hand_in(school, applications)
        elif step == "school_review":
            self._decide(school, everything, leader)
        else:
            self.class_teacher(school).post(f"{APPLICATIONS}/{step.replace('_', '-')}", everything)

    def _hand_in(self, school: School, applications: Sequence[dict[str, Any]]) -> None:
        for number, application in enumerate(applications):
            guardian = self.guardian(school, application["pupil_id"])
            path = f"{APPLICATIONS}/{application['id']}/submit-form"
            if number == 0 and self.opening.is_first(school):
                self.stage.refused(
                    "hand in the form without the employer's stamp", guardian, path, {"evidence_ref": ""}
                )
            guardian.post(path, {"evidence_ref": "盖章申请表"})

    def _decide(self, school: School, everything: dict[str, Any], leader: Client) -> None:
        path = f"{APPLICATIONS}/school-review"
        if self.opening.is_first(school):
            never = self.opening.rules.value("may_refuse.care") == "never"
            tried = (
                "turn a child away for want of places"
                if never
                else "turn a family away without a reason of the profile"
            )
            one = {
                "application_ids": everything["application_ids"][:1],
                "decision": "reject",
                "reason_code": "CAPACITY",
            }
            self.stage.refused(tried, leader, path, one)
        leader.post(path, everything | {"decision": "approve"})

    def agree(self, school: School, applications: Sequence[dict[str, Any]]) -> None:
        """Both sides sign, or the guardian acknowledges whose duties are which, as the profile has it."""
        body = {"application_ids": ids(applications), "sections": dict.fromkeys(DUTIES, "权利与义务")}
        offered = self.opening.office(school).post("/enrollment/v1/agreements", body)["items"]
        signed = self.opening.rules.value("agreement") == "signed"
        for agreement in offered:
            path = f"/enrollment/v1/agreements/{agreement['id']}/{'sign' if signed else 'acknowledge'}"
            self.guardian(school, agreement["pupil_id"]).post(path)
        if signed:
            countersign = {"agreement_ids": ids(offered)}
            self.opening.principal(school).post("/enrollment/v1/agreements/countersign", countersign)

    # Taking part

    def form_group(self, school: School) -> None:
        """A venue is named and a group formed with its lead."""
        office = self.opening.office(school)
        venue = office.post("/attendance/v1/venues", {"school_id": school.id, "name": "阅览室"})
        school.venue = venue["id"]
        body = {"item_id": school.item, "title": "阅读一班", "venue_id": school.venue, "capacity": 40}
        school.group = office.post("/enrollment/v1/groups", body | {"lead_person_id": school.lead})["id"]

    def take_part(self, school: School) -> None:
        """Participations are confirmed, invoices paid or waived, rolls published, groups confirmed."""
        stage, office = self.stage, self.opening.office(school)
        if self.opening.plot.fee_fen:
            self.relieve(school)
        stage.set_time(-14, 9)
        confirmed = office.post("/enrollment/v1/participations", {"window_id": school.window})["items"]
        chosen = [one["id"] for one in confirmed if one["pupil_id"] in school.pupils]
        office.post(f"/enrollment/v1/groups/{school.group}/add-members", {"participation_ids": chosen})
        if self.opening.plot.fee_fen:
            wanted = len(school.pupils) + len(school.also_wants)
            stage.until(lambda: len(self._invoices(school)), wanted)
            for invoice in self._invoices(school):
                if invoice["state"] == "ISSUED":
                    self.pay(school, invoice)
        stage.until(lambda: {one["state"] for one in self._participations(school)}, {"ACTIVE"})
        self._register_group(school)
        if self.opening.is_first(school):
            for act in self.opening.acts:
                act.fill_groups()
        stage.say(f"{school.name}: {len(confirmed)} children take part")

    def _register_group(self, school: School) -> None:
        """The group meets from the first service day on; not before the profile's week."""
        path, office = f"/enrollment/v1/groups/{school.group}/confirm", self.opening.office(school)
        if self.opening.plot.days[0] and self.opening.is_first(school):
            self.stage.refused("begin before the profile's week", office, path)
        starts_on = self.stage.first_day + timedelta(days=self.opening.plot.days[0])
        office.post(path, {"starts_on": starts_on})

    def relieve(self, school: School) -> None:
        """The district's aid list relieves one needy family, as far as the profile lets it."""
        plot, admin = self.opening.plot, self.stage.as_("district_admin")
        school.waived = school.pupils[-1]
        row = {
            "pupil_id": school.waived,
            "basis": "SUBSISTENCE_ALLOWANCE",
            "percent": plot.waived_percent,
            "starts_on": self.stage.first_day - timedelta(days=30),
            "ends_on": self.stage.first_day + timedelta(days=200),
        }
        body = {"document_no": "民〔2026〕7号", "rows": [row]}
        if self.opening.is_first(school) and self.opening.rules.value("fee.waiver") == "free":
            partly = {**row, "percent": 60}
            self.stage.refused_row("relieve a needy family of a part only", admin, body | {"rows": [partly]})
        admin.post("/finance/v1/waivers/import", body)

    def _invoices(self, school: School) -> list[dict[str, Any]]:
        accountant = self.stage.as_("accountant", school=school.id)
        found = accountant.all("/finance/v1/invoices", school_id=school.id)
        return [one for one in found if one["state"] not in ("DRAFT", "HELD")]

    def _participations(self, school: School) -> list[dict[str, Any]]:
        return list(self.opening.office(school).all("/enrollment/v1/participations", school_id=school.id))

    def pay(self, school: School, invoice: dict[str, Any]) -> None:
        """The guardian starts a payment; the gateway tells that money came, signed; an altered word changes nothing."""
        payment = self.guardian(school, invoice["pupil_id"]).post("/finance/v1/payments", {"invoice_id": invoice["id"]})
        word = {
            "district_id": payment["district_id"],
            "payment_id": payment["id"],
            "transaction_id": f"gateway-{payment['id']}",
            "amount_fen": payment["amount_fen"],
            "payee_account": payment["payee_account"],
        }
        body = json.dumps(word).encode()
        signature = sign(self.stage.callback_key, body)
        altered = body.replace(str(word["amount_fen"]).encode(), b"1")
        assert self._call_back(altered, signature) == 401
        assert [self._call_back(body, signature) for _ in range(2)] == [200, 200]

    def _call_back(self, body: bytes, signature: str) -> int:
        headers = {"X-Signature": signature, "Content-Type": "application/json"}
        return self.stage.http.post("/finance/v1/payment-callbacks", content=body, headers=headers).status_code

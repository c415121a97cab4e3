"""The end of the term (S2, S5, S10): a withdrawal, pay, subsidy, records, and the public statement."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.stories.service_week import ServiceWeek
from tests.stories.stage import School

RATE_FEN = 3_000


@dataclass
class Account:
    """A school's money, as its public statement says it."""

    school: str
    statement: dict[str, Any]
    balances: dict[str, int]
    pay_states: dict[str, int] = field(default_factory=dict)


class Closing:
    """Step 7 of the story, and the withdrawal that happens during the week."""

    def __init__(self, week: ServiceWeek) -> None:
        self.week = week
        self.stage = week.stage
        self.plot = week.opening.plot
        self.after = week.days[-1] + 1
        self.accounts: list[Account] = []

    def before_the_week(self) -> None:
        """Rates of pay are approved; a family gives notice that it leaves after the second day."""
        stage = self.stage
        for school in self.week.schools:
            accountant = stage.as_("accountant", school=school.id)
            rate = {"category": "OWN_TEACHER", "rate_fen": RATE_FEN, "funding_source": self.plot.pay_from}
            table = accountant.post(
                "/finance/v1/rate-tables",
                {"school_id": school.id, "effective_from": stage.first_day - timedelta(days=10), "rates": [rate]},
            )
            word = {"authority": "财政局、教体局", "document_no": "财教〔2026〕3号"}
            stage.as_("district_admin").post(f"/finance/v1/rate-tables/{table['id']}/approve", word)
        self._withdraw(self.week.first, self.week.first.pupils[1])

    def _withdraw(self, school: School, pupil: str) -> None:
        """A guardian ends the participation from the fourth day on."""
        stage = self.stage
        office = stage.as_("academic_affairs", school=school.id)
        found = office.all("/enrollment/v1/participations", pupil_id=pupil)[0]
        guardian = stage.as_("guardian", person=school.guardian_of[pupil])
        path = f"/enrollment/v1/participations/{found['id']}/withdraw"
        guardian.post(path, {"effective_on": stage.first_day + timedelta(days=self.week.days[3])})
        school.leaving = pupil
        stage.say(f"{school.name}: a family withdraws from the fourth day on")

    def play(self) -> None:
        """Everything after the last session."""
        stage = self.stage
        stage.set_time(self.after, 9)
        for school in self.week.schools:
            self.claim_subsidy(school)
            self.pay_staff(school)
        if self.plot.fee_fen:
            self.refund()
        for act in self.week.opening.acts:
            act.settle(self)
        self.refuse_spending(self.week.first)
        for school in self.week.schools:
            self.archive(school)
            self.publish(school)

    def pay_staff(self, school: School) -> None:
        """A pay run is prepared, approved by another person and paid by a third."""
        stage = self.stage
        accountant = stage.as_("accountant", school=school.id)
        stage.until(lambda: len(self._own_lines(school)), len(self.week.days))
        until = stage.first_day + timedelta(days=self.after)
        run = accountant.post(
            "/finance/v1/pay-runs", {"school_id": school.id, "term_id": self.week.term, "until": until}
        )
        path = f"/finance/v1/pay-runs/{run['id']}"
        if school is self.week.first:
            stage.refused("pay before anybody approved", stage.as_("cashier", school=school.id), f"{path}/pay")
        stage.as_("principal", school=school.id, person=school.principal).post(f"{path}/approve")
        stage.as_("cashier", school=school.id).post(f"{path}/pay")

    def _lines(self, school: School) -> list[dict[str, Any]]:
        accountant = self.stage.as_("accountant", school=school.id)
        return list(accountant.all("/finance/v1/pay-lines", school_id=school.id))

    def _own_lines(self, school: School) -> list[dict[str, Any]]:
        """Pay lines for the sessions of the school's own item."""
        own = {session["id"] for session in school.sessions}
        return [line for line in self._lines(school) if line["session_id"] in own]

    def claim_subsidy(self, school: School) -> None:
        """Those who really took part give the subsidy."""
        stage = self.stage
        principal = stage.as_("principal", school=school.id, person=school.principal)
        counted = principal.post("/attendance/v1/headcounts", {"school_id": school.id, "term_id": self.week.term})
        accountant = stage.as_("accountant", school=school.id)
        stage.until(lambda: len(accountant.all("/finance/v1/subsidy-claims", school_id=school.id)), 1)
        (claim,) = accountant.all("/finance/v1/subsidy-claims", school_id=school.id)
        assert claim["pupil_count"] == counted["pupil_count"]
        path = f"/finance/v1/subsidy-claims/{claim['id']}"
        decision = {"per_pupil_fen": self.plot.subsidy_fen, "document_no": "财教〔2026〕9号"}
        if self.plot.uplift_bp and school is self.week.first:
            more = decision | {"per_pupil_fen": self.plot.subsidy_fen * (10_000 + self.plot.uplift_bp) // 10_000}
            stage.refused("claim more than the cap for every child", accountant, f"{path}/calculate", more)
            decision = more | {"uplift_bp": self.plot.uplift_bp}
            tried = "claim the uplift without the document on the remote school"
            stage.refused(tried, accountant, f"{path}/calculate", decision)
            decision |= {"remote_document_no": "边远学校名单〔2026〕2号"}
        accountant.post(f"{path}/calculate", decision)
        stage.as_("district_admin").post(f"{path}/approve")
        accountant.post(f"{path}/receive")
        stage.say(f"{school.name}: {counted['pupil_count']} children really took part; the subsidy follows that count")

    def refund(self) -> None:
        """The family that left gets back what was not delivered, to the fen."""
        stage, school = self.stage, self.week.first
        accountant = stage.as_("accountant", school=school.id)
        stage.until(lambda: len(accountant.all("/finance/v1/refunds", school_id=school.id)), 1)
        (refund,) = accountant.all("/finance/v1/refunds", school_id=school.id)
        path = f"/finance/v1/refunds/{refund['id']}"
        stage.as_("principal", school=school.id, person=school.principal).post(f"{path}/approve")
        paid = stage.as_("cashier", school=school.id).post(f"{path}/pay")
        assert paid["amount_fen"] == self.plot.fee_fen * 2 // 5, paid
        stage.say(f"{school.name}: {paid['amount_fen'] / 100:.2f} yuan went back for the two days not delivered")

    def refuse_spending(self, school: School) -> None:
        """The service's money buys what the profile names and nothing else."""
        accountant = self.stage.as_("accountant", school=school.id)
        wanted = {
            "school_id": school.id,
            "term_id": self.week.term,
            "category": "MANAGEMENT_FEE",
            "source": self.plot.pay_from,
            "amount_fen": 100,
            "evidence_ref": "bill-1",
            "payee": "某公司",
        }
        self.stage.refused("spend the service's money on management", accountant, "/finance/v1/expenditures", wanted)

    def archive(self, school: School) -> None:
        """The class teacher's weekly record is accepted, and the term sealed."""
        stage = self.stage
        teacher = stage.as_("class_teacher", school=school.id, person=school.teacher)
        leader = stage.as_("leadership_member", school=school.id, person=school.other)
        for week in sorted({day // 7 + 1 for day in self.week.days}):
            told = {
                "class_id": school.class_id,
                "term_id": self.week.term,
                "week": week,
                "content": "自主阅读,秩序良好",
            }
            record = teacher.post("/attendance/v1/activity-records", told)
            leader.post(f"/attendance/v1/activity-records/{record['id']}/accept")
        principal = stage.as_("principal", school=school.id, person=school.principal)
        principal.post("/attendance/v1/term-archives", {"school_id": school.id, "term_id": self.week.term})
        path = f"/enrollment/v1/plans/{school.plan}/close"
        stage.until(lambda: principal.request("POST", path).status_code, 200)

    def publish(self, school: School) -> None:
        """The statement is drawn from the ledger, approved by another person, and public."""
        stage = self.stage
        accountant = stage.as_("accountant", school=school.id)
        where: dict[str, Any] = {"school_id": school.id, "term_id": self.week.term}
        drafted = accountant.post("/finance/v1/statements", where)
        path = f"/finance/v1/statements/{drafted['id']}"
        stage.as_("principal", school=school.id, person=school.principal).post(f"{path}/approve")
        accountant.post(f"{path}/publish")
        public = stage.http.get(path).json()
        items = accountant.get("/finance/v1/ledger/balances", **where)["items"]
        balances = {one["account"]: one["balance_fen"] for one in items}
        states: dict[str, int] = {}
        for line in self._lines(school):
            states[line["state"]] = states.get(line["state"], 0) + line["amount_fen"]
        self.accounts.append(Account(school.name, public, balances, states))
        stage.say(f"{school.name}: the term's statement is public, balance {public['balance_fen'] / 100:.2f} yuan")

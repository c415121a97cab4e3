"""The act of a plan with third parties: a provider is selected, whitelisted, contracted, teaches a club, is settled."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.builders.staff import PROVIDER_CHECKS
from tests.stories import sitting
from tests.stories.acts import Act
from tests.stories.offering import Offering
from tests.stories.stage import ids

if TYPE_CHECKING:
    from tests.stories.closing import Closing
    from tests.stories.service_week import ServiceWeek

PRICE_FEN = 12_000
"""Of a session, on the whitelist and in the contract."""
MEMBERS = 4
SESSIONS = 5
AGENCY_FEE_FEN = PRICE_FEN * SESSIONS // MEMBERS
PAPERS = (
    *("licence", "registration", "annual_inspection", "supervision_platform_entry", "fund_supervision"),
    *("staff_list", "course_list", "price_list"),
)


class ProviderClub(Act):
    """A science club by an institution from outside, beside a teacher of the school's own."""

    provider = coach = contract = ""

    def before_the_plan(self) -> None:
        """The district's round, from the call to the whitelist, with its days of publicity."""
        stage, admin = self.stage, self.stage.as_("district_admin")
        until = stage.first_day + timedelta(days=300)
        bought = {"procurement": "GOVERNMENT_PURCHASE", "procurement_ref": "采〔2026〕12号"}
        wanted_round = {"title": "2026 学年", "valid_until": until} | bought
        called = admin.post("/vetting/v1/selection-rounds", wanted_round)
        path = f"/vetting/v1/selection-rounds/{called['id']}"
        wanted = {
            "round_id": called["id"],
            "name": "某科技中心",
            "credit_code": "91110000600037341L",
            "kind": "TRAINING_INSTITUTION_NON_SUBJECT",
            "dossier": dict.fromkeys(PAPERS, "档案室"),
            "offers": [{"content_type": "SCIENCE", "price_fen": PRICE_FEN}],
        }
        tutoring = [{"content_type": "HOMEWORK_TUTORING", "price_fen": PRICE_FEN}]
        representative = self._representative()
        stage.refused(
            "let a provider offer tutoring", representative, "/vetting/v1/providers", wanted | {"offers": tutoring}
        )
        self.provider = representative.post("/vetting/v1/providers", wanted)["id"]
        admin.post(f"{path}/close")
        admin.post(f"/vetting/v1/providers/{self.provider}/select", {"evidence_ref": "评审记录"})
        admin.post(f"{path}/review")
        admin.post(f"{path}/publicize")
        stage.refused("whitelist a provider before its days of publicity are over", admin, f"{path}/confirm")
        stage.set_time(-24, 9)
        admin.post(f"{path}/confirm")
        stage.say("the district selected a provider and put it on the whitelist after its days of publicity")
        self._clear_coach()

    def _representative(self) -> Any:
        return self.stage.as_(
            "provider_admin", person=self.opening.schools[0].guardian_of[self.opening.schools[0].pupils[0]]
        )

    def _clear_coach(self) -> None:
        """The provider names a coach, who agrees, is checked and cleared."""
        stage, officer, provider = self.stage, self.stage.as_("vetting_officer"), self._representative()
        self.coach = provider.post("/vetting/v1/people", {"category": "PROVIDER_STAFF", "provider_id": self.provider})[
            "id"
        ]
        provider.post(f"/vetting/v1/people/{self.coach}/start-review", {"consent": True})
        self.opening.check(self.coach, PROVIDER_CHECKS, as_of=-26)
        officer.post(f"/vetting/v1/people/{self.coach}/clear")
        stage.say("its coach was checked and cleared")

    def add_items(self) -> None:
        """The club, in the school's catalogue."""
        school = self.opening.schools[0]
        self.club = Offering(self.opening, "科技社团", "SCIENCE", "service", ((15, 45), (16, 45)), school.other)
        draft = {"provider_id": self.provider, "fee_bearing": True}
        self.stage.until(lambda: bool(self._knows_provider()))
        self.club.draft(**draft)

    def _knows_provider(self) -> bool:
        """Enrollment heard of the whitelist: a probe item is refused for its hours and not for its provider."""
        late = self.opening.item(self.opening.schools[0], starts="17:00", ends="18:10")
        probe = self.opening.office(self.opening.schools[0]).post(
            "/enrollment/v1/items", late | {"provider_id": self.provider}
        )
        path = f"/enrollment/v1/items/{probe['id']}/approve"
        reply = self.opening.principal(self.opening.schools[0]).request("POST", path)
        return bool(reply.json().get("code") == "ends_too_late")

    def set_fees(self) -> None:
        """The agency fee (代收费): what the provider costs, shared by the families of the club."""
        school = self.opening.schools[0]
        costs = [{"category": "PROVIDER_SETTLEMENT", "amount_fen": PRICE_FEN * SESSIONS}]
        self.opening.publish_fee(
            school,
            item=self.club.item,
            kind="AGENCY_FEE",
            amount_fen=AGENCY_FEE_FEN,
            costs={"expected_pupils": MEMBERS, "items": costs},
        )

    def list_items(self) -> None:
        """The contract is signed by both sides; then the club is listed and some families want it too."""
        stage, school = self.stage, self.opening.schools[0]
        office, days = self.opening.office(school), self.opening.plot.days
        terms = {
            "school_id": school.id,
            "provider_id": self.provider,
            "content_type": "SCIENCE",
            "starts_on": stage.first_day,
            "ends_on": stage.first_day + timedelta(days=days[-1]),
            "need_ref": "校务会纪要",
        }
        path = "/vetting/v1/provider-contracts"
        dear = terms | {"price_fen": PRICE_FEN + 1}
        stage.refused("contract a provider dearer than on the whitelist", office, path, dear)
        self.contract = office.post(path, terms | {"price_fen": PRICE_FEN})["id"]
        self.opening.principal(school).post(f"{path}/{self.contract}/sign")
        self._representative().post(f"{path}/{self.contract}/sign")
        self.club.list_it()
        for pupil in school.pupils[2 : 2 + MEMBERS]:
            school.also_wants[pupil] = [self.club.item]
        stage.say(f"{school.name}: a contract with the provider for a science club, four families want it")

    def form_groups(self) -> None:
        """The club's group."""
        self.club.form()

    def fill_groups(self) -> None:
        """Its members."""
        self.club.fill(list(self.opening.schools[0].also_wants), first_day=self.opening.plot.days[0])

    def schedule(self, week: "ServiceWeek") -> None:
        """A teacher of the school's own leads, the provider's coach assists; nobody else's coach could."""
        stage, office = self.stage, self.opening.office(self.club.school)
        self.club.schedule()
        wanted = {"person_id": self.coach, "session_ids": ids(self.club.sessions), "role": "ASSIST"}
        elsewhere = {**wanted, "session_ids": ids(week.schools[1].sessions)}
        second = self.opening.office(week.schools[1])
        stage.refused("assign a coach of a provider without a contract", second, "/vetting/v1/assignments", elsewhere)
        office.post("/vetting/v1/assignments", wanted)

    def before_the_session(self, week: "ServiceWeek", day: int) -> None:
        """The club meets; afterwards its children go on to the school's own session."""
        stage, when = self.stage, self.opening.plot.days[day]
        session = self.club.on(when)
        if session is None:
            return
        members = [pupil for pupil in self.club.pupils if pupil in week.pupils(self.club.school, day)]
        stage.set_time(when, *self.club.hours[0])
        sitting.let_in(stage, self.club.school, session, self.coach)
        if day == 0:
            coach = stage.as_("instructor", school=self.club.school.id, person=self.coach)
            coach.post(f"/attendance/v1/sessions/{session}/pre-check")
            alone = f"/attendance/v1/sessions/{session}/open"
            stage.refused("open the club with the provider's coach alone", coach, alone)
            sitting.let_in(stage, self.club.school, session, self.club.lead)
            teacher = stage.as_("instructor", school=self.club.school.id, person=self.club.lead)
            teacher.post(alone)
            sitting.hand_over(stage, self.club.school, session, members, receiver=self.club.lead)
            sitting.call_roll(stage, self.club.school, session, self.club.lead, members)
        else:
            self.club.begin(when, session, members)
        week.in_care |= dict.fromkeys(members, self.club.lead)

    def after_the_session(self, week: "ServiceWeek", day: int) -> None:
        """The club's session is closed; its children went on to the other one."""
        if (session := self.club.on(self.opening.plot.days[day])) is not None:
            sitting.close(self.stage, self.club.school, session, self.club.lead)

    def settle(self, closing: "Closing") -> None:
        """The provider is paid for the sessions that were delivered, from the agency fees."""
        stage, school = self.stage, self.club.school
        accountant = stage.as_("accountant", school=school.id)
        body = {
            "school_id": school.id,
            "term_id": self.opening.term,
            "provider_id": self.provider,
            "until": stage.first_day + timedelta(days=closing.after),
        }
        path = "/finance/v1/provider-settlements"
        stage.until(lambda: accountant.request("POST", path, body=body).status_code, 201)
        (settlement,) = accountant.all(path, school_id=school.id)
        assert (settlement["session_count"], settlement["amount_fen"]) == (SESSIONS, PRICE_FEN * SESSIONS), settlement
        self._representative().post(f"{path}/{settlement['id']}/agree")
        self.opening.principal(school).post(f"{path}/{settlement['id']}/approve")
        stage.as_("cashier", school=school.id).post(f"{path}/{settlement['id']}/pay")
        stage.say(f"{school.name}: the provider got {settlement['amount_fen'] / 100:.2f} yuan for {SESSIONS} sessions")

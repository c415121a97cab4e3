"""The act of a free plan in segments: ordinary care until 16:20, then extended; clubs from a later week."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.stories import sitting
from tests.stories.acts import Act
from tests.stories.offering import Offering

if TYPE_CHECKING:
    from tests.stories.service_week import ServiceWeek

CLUB_WEEK = 14
"""The first day of the week in which clubs begin."""


class Segments(Act):
    """Two segments with a handover between them, a club, and a child kept for once."""

    def add_items(self) -> None:
        """Ordinary care and a club; what the profile does not allow is refused."""
        stage, school = self.stage, self.opening.schools[0]
        office, principal = self.opening.office(school), self.opening.principal(school)
        late = self.opening.item(school, segment="ordinary", starts="15:30", ends="16:30")
        made = office.post("/enrollment/v1/items", late)
        approve = f"/enrollment/v1/items/{made['id']}/approve"
        stage.refused("ordinary care after twenty past four", principal, approve)
        wish: dict[str, Any] = {"school_id": school.id, "bound": "extended_care.latest_end", "reason": "家长下班晚"}
        wish |= {"valid_from": stage.first_day, "valid_until": stage.first_day + timedelta(days=30)}
        stage.refused("an exception to the latest end", office, "/enrollment/v1/exceptions", wish)
        hours = ((15, 20), (16, 20))
        self.ordinary = Offering(self.opening, "作业看护", "HOMEWORK_CARE", "ordinary", hours, school.other)
        self.ordinary.draft()
        self.club = Offering(self.opening, "小社团", "CLUB", "club", ((14, 10), (15, 10)), school.other)
        self.club.draft(weekdays=[1, 2])

    def set_fees(self) -> None:
        """Nothing may be charged, whatever the office writes."""
        school = self.opening.schools[0]
        costs = {"expected_pupils": 1, "items": [{"category": "STAFF_LABOUR_PAY", "amount_fen": 100}]}
        wanted = self.opening.fee(school, item=school.item, kind="SERVICE_FEE", amount_fen=100, costs=costs)
        accountant = self.stage.as_("accountant", school=school.id)
        self.stage.until(lambda: accountant.request("POST", "/finance/v1/fee-standards", body=wanted).status_code, 409)
        self.stage.refused("a fee for the service", accountant, "/finance/v1/fee-standards", wanted)

    def list_items(self) -> None:
        """Every child of the extended segment is in the ordinary one before."""
        school = self.opening.schools[0]
        self.ordinary.list_it()
        self.club.list_it()
        for pupil in school.pupils:
            school.also_wants[pupil] = [self.ordinary.item]

    def form_groups(self) -> None:
        """Both groups; some other families sign their children up for the club, with no review."""
        stage, school = self.stage, self.opening.schools[0]
        self.ordinary.form()
        self.club.form()
        members = list(school.others)[:3]
        for pupil in members:
            guardian = stage.as_("guardian", person=school.guardian_of[pupil])
            wish = {"window_id": school.window, "pupil_id": pupil, "item_ids": [self.club.item]}
            made = guardian.post("/enrollment/v1/applications", wish)
            assert made["state"] == "APPROVED", made
            self.opening.families.agree(school, [made])
        self.members = members

    def fill_groups(self) -> None:
        """The club does not meet before its week."""
        stage, school, days = self.stage, self.opening.schools[0], self.opening.plot.days
        self.ordinary.fill(school.pupils, first_day=days[0])
        office = self.opening.office(school)
        early = {"starts_on": stage.first_day + timedelta(days=days[0])}
        confirm = f"/enrollment/v1/groups/{self.club.group}/confirm"
        stage.refused("a club in the second week", office, confirm, early)
        self.club.fill(self.members, first_day=CLUB_WEEK)
        stage.say(f"{school.name}: {len(self.members)} children in a club that begins in the third week")

    def schedule(self, week: "ServiceWeek") -> None:
        """Both groups' sessions, staffed."""
        self.ordinary.schedule()
        self.club.schedule()

    def before_the_session(self, week: "ServiceWeek", day: int) -> None:
        """The club meets and goes home; ordinary care begins, and at 16:20 its children go on to extended care."""
        when, school = self.opening.plot.days[day], self.opening.schools[0]
        if (club := self.club.on(when)) is not None:
            self.club.begin(when, club, self.club.pupils)
            self.stage.set_time(when, *self.club.hours[1])
            sitting.close(self.stage, school, club, self.club.lead, self.club.pupils)
        session = self.ordinary.on(when)
        if session is None:
            return
        here = week.pupils(school, day)
        self.ordinary.begin(when, session, here)
        week.in_care |= dict.fromkeys(here, self.ordinary.lead)
        if day == 0:
            self.keep_for_once(when)

    def keep_for_once(self, when: int) -> None:
        """A guardian is late once; the class teacher keeps the child, hands it over, and speaks with the parent."""
        stage, school = self.stage, self.opening.schools[0]
        pupil = list(school.others)[-1]
        guardian = stage.as_("guardian", person=school.guardian_of[pupil])
        teacher = stage.as_("class_teacher", school=school.id, person=school.teacher)
        wish = {"pupil_id": pupil, "on": stage.first_day + timedelta(days=when)}
        care = guardian.post("/attendance/v1/ad-hoc-care", wish)
        path = f"/attendance/v1/ad-hoc-care/{care['id']}"
        teacher.post(f"{path}/accept")
        teacher.post(f"{path}/start")
        stage.refused("close ad-hoc care before the child is fetched", teacher, f"{path}/close", {"contact": "PHONE"})
        sitting.send_home(stage, school, teacher, [pupil])
        teacher.post(f"{path}/close", {"contact": "IN_PERSON"})
        stage.say(f"{school.name}: a child was kept for once by its class teacher, and nothing was charged")

    def after_the_session(self, week: "ServiceWeek", day: int) -> None:
        """The ordinary session is closed; its children went on to the extended one."""
        if (session := self.ordinary.on(self.opening.plot.days[day])) is not None:
            sitting.close(self.stage, self.ordinary.school, session, self.ordinary.lead)

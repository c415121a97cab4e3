"""One more thing that the first school offers beside its own item: an item, its group and its sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.stories import sitting
from tests.stories.stage import School, ids

if TYPE_CHECKING:
    from tests.stories.opening import Opening


@dataclass
class Offering:
    """An item from its draft to its last session."""

    opening: "Opening"
    title: str
    content_type: str
    segment: str
    hours: tuple[tuple[int, int], tuple[int, int]]
    lead: str
    item: str = ""
    group: str = ""
    pupils: list[str] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def school(self) -> School:
        """Where it is offered."""
        return self.opening.schools[0]

    def draft(self, **more: Any) -> str:
        """Write the item into the plan's catalogue and have it approved; its id."""
        starts, ends = ("{:02}:{:02}".format(*hour) for hour in self.hours)
        wanted = self.opening.item(self.school, segment=self.segment, starts=starts, ends=ends)
        wanted |= {
            "title": self.title,
            "content_type": self.content_type,
            "fee_bearing": False,
        }
        self.item = self.opening.office(self.school).post("/enrollment/v1/items", wanted | more)["id"]
        self.opening.principal(self.school).post(f"/enrollment/v1/items/{self.item}/approve")
        return self.item

    def list_it(self) -> None:
        """Let families choose it, once everything is heard that listing waits for."""
        office, path = self.opening.office(self.school), f"/enrollment/v1/items/{self.item}/list"
        self.opening.stage.until(lambda: office.request("POST", path).status_code, 200)

    def form(self) -> None:
        """A group in the venue of the school's own."""
        body = {"item_id": self.item, "title": self.title, "venue_id": self.school.venue, "capacity": 25}
        made = self.opening.office(self.school).post("/enrollment/v1/groups", body | {"lead_person_id": self.lead})
        self.group = made["id"]

    def fill(self, pupils: Sequence[str], *, first_day: int) -> None:
        """Place children, and register the group from a day of the term on."""
        stage, office = self.opening.stage, self.opening.office(self.school)
        places = office.all("/enrollment/v1/places", item_id=self.item)
        chosen = [place["participation_id"] for place in places if place["pupil_id"] in pupils]
        office.post(f"/enrollment/v1/groups/{self.group}/add-members", {"participation_ids": chosen})
        starts_on = stage.first_day + timedelta(days=first_day)
        office.post(f"/enrollment/v1/groups/{self.group}/confirm", {"starts_on": starts_on})
        self.pupils = list(pupils)

    def schedule(self) -> None:
        """Lay the sessions out, once attendance knows the group, and put the lead on the roster."""
        stage, office = self.opening.stage, self.opening.office(self.school)
        body = {"group_id": self.group}
        stage.until(lambda: office.request("POST", "/attendance/v1/sessions/schedule", body=body).status_code, 200)
        self.sessions = office.all("/attendance/v1/sessions", group_id=self.group, sort="starts_at")
        planned = ids(self.sessions)
        stage.until(lambda: len(office.all("/vetting/v1/sessions", group_id=self.group)), len(planned))
        office.post("/vetting/v1/assignments", {"person_id": self.lead, "session_ids": planned, "role": "LEAD"})

    def on(self, day: int) -> str | None:
        """Its session on a day of the term; None: it does not meet."""
        wanted = (self.opening.stage.first_day + timedelta(days=day)).isoformat()
        return next((one["id"] for one in self.sessions if one["on"] == wanted), None)

    def begin(self, day: int, session: str, pupils: Sequence[str]) -> None:
        """Staff in, open, children brought by their class teacher, roll called."""
        stage = self.opening.stage
        stage.set_time(day, *self.hours[0])
        sitting.let_in(stage, self.school, session, self.lead)
        sitting.open_session(stage, self.school, session, self.lead)
        sitting.hand_over(stage, self.school, session, pupils, receiver=self.lead)
        sitting.call_roll(stage, self.school, session, self.lead, pupils)

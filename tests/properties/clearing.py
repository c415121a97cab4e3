"""A person's life in vetting, step by step and at random, through the doors that people use; and what must hold of it.

A step that a rule refuses changes nothing and is no fault: what counts is that no row of refused and allowed steps,
days that pass and timers that fire leads to a state that `broken` finds wrong.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.contracts.vetting import (
    StaffBlocked,
    StaffCleared,
    StaffExited,
    StaffExpired,
    StaffRestored,
    StaffSuspended,
)
from shared.events import decode
from shared.ids import new_id
from tests.builders import staff
from tests.world import House, World

V = "/vetting/v1"
NO = (200, 201, 202, 403, 404, 409, 422)
STATUS = {
    StaffCleared.name: "CLEARED",
    StaffRestored.name: "CLEARED",
    StaffSuspended.name: "SUSPENDED",
    StaffBlocked.name: "BLOCKED",
    StaffExpired.name: "EXPIRED",
    StaffExited.name: "EXITED",
}
GRAVE = ("E05", "E06", "E07")


class Clearing:
    """One teacher of one school in a district of their own, and two of everybody who decides."""

    def __init__(self, house: House) -> None:
        self.world = World(house, house.assembled(("vetting",)))
        self.world.publish_policy()
        self.world.publish_calendar()
        self.world.pin_plan()
        self.day = 0
        self.school = self.world.schools[0]
        self.person = staff.listed(self.world, self.school)
        self.officials = [new_id(), new_id(), self.person]
        self.gone: set[str] = set()

    def end(self) -> None:
        """Close what was opened."""
        self.world.http.close()

    def step(self, name: str, seed: int) -> None:
        """One step; its choices follow from the seed."""
        self.chance = random.Random(seed)
        STEPS[name](self)
        staff.let_time_act(self.world)

    # Steps

    def ask(self, role: str, path: str, body: Any = None) -> Any:
        """POST as some official, who may be the person; a refusal is as good as any answer."""
        caller = self.world.as_(role, person=self.chance.choice(self.officials))
        return caller.post(f"{V}/{path}", body, expect=NO)

    def review(self) -> None:
        self.ask("academic_affairs", f"people/{self.person}/start-review", {"consent": True})

    def check(self) -> None:
        """Every required check anew, nearly always clear."""
        for kind in staff.TEACHER_CHECKS:
            result = self.chance.choices(("CLEAR", "INCONCLUSIVE", "HIT"), (30, 1, 1))[0]
            self._check(kind, result)

    def hit(self) -> None:
        self._check(self.chance.choice(staff.TEACHER_CHECKS), "HIT")

    def _check(self, kind: str, result: str) -> None:
        made = self.ask("vetting_officer", "checks", {"person_id": self.person, "kind": kind})
        if "id" not in made:
            return
        self.ask("vetting_officer", f"checks/{made['id']}/submit")
        as_of = self.world.first_day + timedelta(days=self.day - self.chance.randrange(3))
        answer = {"result": result, "as_of": as_of, "evidence_ref": "answer"}
        while "id" not in self.ask("vetting_officer", f"checks/{made['id']}/record-result", answer):
            pass  # the person was drawn to record about themselves; another official does

    def clear(self) -> None:
        self.ask("vetting_officer", f"people/{self.person}/clear")

    def leave(self) -> None:
        self.ask("vetting_officer", f"people/{self.person}/leave")

    def accuse(self) -> None:
        kind = self.chance.choice(("ETHICS_SUBSTANTIATED", "ETHICS_SUBSTANTIATED", "QUALIFICATION_LOST", "COURT_BAN"))
        category = self.chance.choice(("E05", "E07", "E09")) if kind.startswith("ETHICS") else None
        told = {"person_id": self.person, "kind": kind, "category": category, "account": "…", "evidence_ref": "d"}
        record = self.ask("principal", "conduct-records", {name: value for name, value in told.items() if value})
        self.ask("vetting_officer", f"conduct-records/{record['id']}/triage")

    def decide(self) -> None:
        record = self._one_of("conduct_records")
        verb = self.chance.choice(("substantiate", "dismiss", "appeal", "uphold", "reverse"))
        body: dict[str, Any] = {"evidence_ref": "d"}
        if verb == "substantiate":
            until = self.world.first_day + timedelta(days=self.day + self.chance.randrange(400))
            body |= self.chance.choice(({"sanction": "WARNING"}, {"sanction": "DISMISSAL"}, {"until": until}))
        role = {"appeal": "instructor", "uphold": "district_admin", "reverse": "district_admin"}
        if record:
            path = f"conduct-records/{record}/{verb}"
            self.ask(role.get(verb, "vetting_officer"), path, None if verb == "appeal" else body)

    def prosecute(self) -> None:
        """A breach of a prohibition by the person, as far as the officials who are drawn may take it."""
        told = {"prohibition_code": "PB06", "target_kind": "PERSON", "target_id": self.person, "account": "…"}
        told |= {"happened_on": self.world.first_day, "evidence_ref": "d"}
        case = self.ask("inspector", "compliance-cases", told)["id"]
        self.ask("inspector", f"compliance-cases/{case}/investigate")
        found = {"severity": "SERIOUS", "category": self.chance.choice(("E05", "E09")), "evidence_ref": "d"}
        self.ask("district_admin", f"compliance-cases/{case}/confirm", found)
        self.ask("district_admin", f"compliance-cases/{case}/sanction", {"sanctions": ["TALK"], "evidence_ref": "d"})

    def object(self) -> None:
        """Deliver a notice, ask for a re-check, or decide one."""
        notice, review = self._one_of("written_notices"), self._one_of("review_requests")
        verb = self.chance.choice(("deliver", "file", "examine", "uphold", "overturn", "overturn"))
        if verb == "deliver":
            self.ask("vetting_officer", f"written-notices/{notice}/deliver", {"evidence_ref": "d"})
        elif verb == "file":
            told = {"statement": "…", "paper_ref": "d"}
            self.ask("vetting_officer", f"written-notices/{notice}/file-review", told)
        else:
            body = None if verb == "examine" else {"evidence_ref": "d"}
            self.ask("district_admin", f"review-requests/{review}/{verb}", body)

    def _one_of(self, table: str) -> str | None:
        sql = f"SELECT CAST(id AS text) FROM {table} WHERE person_id = :p ORDER BY id"
        rows = self.world.read("vetting", sql, p=self.person)
        return str(self.chance.choice(rows)[0]) if rows else None

    def assign(self) -> None:
        sessions = staff.sessions(self.world, self.school, first=self.day + 1 + self.chance.randrange(20), days=1)
        wanted = {"person_id": self.person, "session_ids": sessions, "role": "LEAD"}
        self.ask("academic_affairs", "assignments", wanted)

    def pass_days(self) -> None:
        self.day += self.chance.choice((1, 5, 16, 60, 190, 366))
        self.world.set_time(self.world.at(8, day=self.day))

    # What must hold

    def broken(self) -> list[str]:
        """Every invariant that does not hold of the person now."""
        return [check.__doc__ or check.__name__ for check in CHECKS if not check(self)]

    def rows(self, sql: str, **more: Any) -> list[tuple[Any, ...]]:
        return self.world.read("vetting", sql, p=self.person, **more)

    @property
    def state(self) -> str:
        return str(self.rows("SELECT state FROM people WHERE id = :p")[0][0])

    def told(self) -> list[tuple[int, str]]:
        """Epoch and status of what was said about the clearance, in order."""
        bodies = self.rows("SELECT body FROM outbox WHERE subject = CAST(:p AS text) ORDER BY id")
        said = [decode(bytes(body)) for (body,) in bodies]
        return [(one.data["clearance_epoch"], STATUS[one.type]) for one in said if one.type in STATUS]


def epochs_grow(life: Clearing) -> bool:
    """INV-VET-03: epochs only grow, and whoever keeps the highest knows whether the person is cleared."""
    told, (epoch,) = life.told(), life.rows("SELECT clearance_epoch FROM people WHERE id = :p")[0]
    epochs = [number for number, _ in told]
    if not told:
        return life.state != "CLEARED"
    heard = max(told * 2)[1]
    return epochs == sorted(set(epochs)) and epochs[-1] <= epoch and (heard == "CLEARED") == (life.state == "CLEARED")


def cleared_with_every_check(life: Clearing) -> bool:
    """INV-VET-04: whoever is cleared agreed, and the newest answer of every required kind is clear and of this year."""
    sql = (
        "SELECT DISTINCT ON (kind) kind, state, as_of FROM checks WHERE person_id = :p AND as_of IS NOT NULL"
        " ORDER BY kind, as_of DESC, id DESC"
    )
    newest = {kind: (state, as_of) for kind, state, as_of in life.rows(sql)}
    oldest = life.world.first_day + timedelta(days=life.day - 365)
    wanted = [newest.get(kind, ("NEEDED", oldest)) for kind in staff.TEACHER_CHECKS]
    (consent,) = life.rows("SELECT consent_at FROM people WHERE id = :p")[0]
    fit = consent is not None and all(state == "CLEAR" and as_of >= oldest for state, as_of in wanted)
    return life.state != "CLEARED" or fit


def nothing_stands_against_the_cleared(life: Clearing) -> bool:
    """INV-VET-05: no record is in force of whoever is cleared or under review; what is for good does not end."""
    today = life.world.first_day + timedelta(days=life.day)
    sql = "SELECT kind, sanction, state, effective_until FROM conduct_records WHERE person_id = :p"
    records = [row for row in life.rows(sql) if row[2] in ("SUBSTANTIATED", "APPEALED", "LAPSED")]
    for_good = [row for row in records if row[0] in ("STATUTORY_BAR", "QUALIFICATION_LOST") or row[1] == "DISMISSAL"]
    in_force = [row for row in records if row[2] != "LAPSED" and (row[3] is None or row[3] >= today)]
    ended = [row for row in for_good if row[2] == "LAPSED" or row[3] is not None]
    return not ended and (not in_force or life.state in ("BLOCKED", "EXITED"))


def every_block_and_hit_is_told_in_writing(life: Clearing) -> bool:
    """INV-VET-12: as many notices as blocks and hits, each with a class of reason and a day."""
    notices = life.rows("SELECT code, reason_class, due_on FROM written_notices WHERE person_id = :p")
    blocks = sum(status == "BLOCKED" for _, status in life.told())
    hits = len(life.rows("SELECT 1 FROM checks WHERE person_id = :p AND state = 'HIT'"))
    told = [code for code, reason_class, due_on in notices if reason_class and due_on]
    return told.count("BLOCK") == blocks and len(told) >= hits


def what_is_not_found_has_no_effect(life: Clearing) -> bool:
    """INV-VET-13: what is under investigation is not called substantiated; only a grave allegation suspends."""
    sql = "SELECT kind, category, state FROM conduct_records WHERE person_id = :p"
    records = life.rows(sql)
    open_ones = [row for row in records if row[2] in ("REPORTED", "UNDER_INVESTIGATION", "UNSUBSTANTIATED")]
    grave = [row for row in records if row[1] in GRAVE and row[2] == "UNDER_INVESTIGATION"]
    if any(kind == "ETHICS_SUBSTANTIATED" for kind, _, _ in open_ones):
        return False
    return bool(grave) if life.state == "SUSPENDED" else not (grave and life.state == "CLEARED")


def somebody_else_decides(life: Clearing) -> bool:
    """INV-VET-15: whoever decided is not the person nor whoever acted before, and says where the evidence is."""
    me = str(life.person)
    sql = "SELECT decided_by, reported_by, check_id, evidence_ref FROM conduct_records WHERE person_id = :p"
    for decided_by, reported_by, check_id, evidence in life.rows(sql):
        if decided_by == me or not evidence or (decided_by == reported_by and check_id is None):
            return False
    sql = (
        "SELECT r.decided_by, r.filed_by, n.decided_by, r.evidence_ref FROM review_requests r"
        " JOIN written_notices n ON n.id = r.notice_id WHERE r.person_id = :p AND r.decided_by IS NOT NULL"
    )
    decided = life.rows(sql)
    decided += life.rows(
        "SELECT d.decided_by, c.opened_by, NULL, d.evidence_ref FROM decisions d"
        " JOIN compliance_cases c ON c.id = d.subject_id WHERE c.target_id = :p AND d.action <> 'open'"
    )
    decided += life.rows(
        "SELECT d.decided_by, r.reported_by, NULL, d.evidence_ref FROM decisions d"
        " JOIN conduct_records r ON r.id = d.subject_id WHERE r.person_id = :p AND r.check_id IS NULL"
    )
    recorded = [row[0] for row in life.rows("SELECT recorded_by FROM checks WHERE person_id = :p")]
    return me not in recorded and all(by not in (me, *before) and ref for by, *before, ref in decided)


def nothing_comes_back(life: Clearing) -> bool:
    """INV-VET-16, INV-VET-01: what was taken off the roster stays off, and only the cleared are on it."""
    rows = life.rows("SELECT CAST(id AS text), state, ends_at FROM assignments WHERE person_id = :p")
    on = {row_id for row_id, state, _ in rows if state == "CONFIRMED"}
    ahead = [1 for _, state, ends_at in rows if state == "CONFIRMED" and ends_at > life.world.at(8, day=life.day)]
    back = on & life.gone
    life.gone |= {row_id for row_id, state, _ in rows if state == "REMOVED"}
    return not back and (not ahead or life.state == "CLEARED")


STEPS: dict[str, Callable[[Clearing], None]] = {
    "review": Clearing.review,
    "check": Clearing.check,
    "hit": Clearing.hit,
    "clear": Clearing.clear,
    "leave": Clearing.leave,
    "accuse": Clearing.accuse,
    "decide": Clearing.decide,
    "prosecute": Clearing.prosecute,
    "object": Clearing.object,
    "assign": Clearing.assign,
    "pass_days": Clearing.pass_days,
}
OFTEN = ("review", "check", "clear", "clear", "assign", "decide", "object")

CHECKS: tuple[Callable[[Clearing], bool], ...] = (
    epochs_grow,
    cleared_with_every_check,
    nothing_stands_against_the_cleared,
    every_block_and_hit_is_told_in_writing,
    what_is_not_found_has_no_effect,
    somebody_else_decides,
    nothing_comes_back,
)

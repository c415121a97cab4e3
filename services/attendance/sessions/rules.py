"""How a session goes (A1), and the gates G-TIME, G-VENUE and G-STAFFED on its way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil

from services.attendance.presence.rules import Staff, blocked
from shared.policy import Policy
from shared.policy.codes import SUPERVISING
from shared.policy.gates import g_time, ratio_of
from shared.refusals import Refused
from shared.states import Machine

AWAITED = ("SCHEDULED", "STAFFED", "UNSTAFFED", "READY")
RUNNING = ("OPEN", "IN_PROGRESS", "DISMISSING")

SESSION = Machine(
    "服务课次 service session",
    "SCHEDULED",
    {
        ("SCHEDULED", "staff"): "STAFFED",
        ("UNSTAFFED", "staff"): "STAFFED",
        ("STAFFED", "pre_check"): "READY",
        ("READY", "open"): "OPEN",
        ("OPEN", "complete_roll_call"): "IN_PROGRESS",
        ("IN_PROGRESS", "begin_dismissal"): "DISMISSING",
        ("DISMISSING", "close"): "CLOSED",
        ("CLOSED", "correct"): "CLOSED",
    }
    | {(state, "unstaff"): "UNSTAFFED" for state in ("SCHEDULED", "STAFFED", "READY")}
    | {(state, "cancel"): "CANCELLED" for state in AWAITED},
)


def staffing_action(state: str, is_led: bool) -> str | None:
    """What the roster does to a session that had a lead; None when it changes nothing.

    It follows from the facts alone, so that they may come in any order.
    """
    if is_led:
        return "staff" if (state, "staff") in SESSION.moves else None
    return "unstaff" if (state, "unstaff") in SESSION.moves else None


def series(school_days: Sequence[date], weekdays: Collection[int], first: date, last: date) -> list[date]:
    """The dates of a group's sessions: the term's school days from `first` to `last` on its weekdays (1 is Monday)."""
    return [day for day in school_days if first <= day <= last and day.isoweekday() in weekdays]


def period_minutes(stage: str, policy: Policy) -> int:
    """The length of a class period (课时) at a stage."""
    minutes: int = policy.value(f"class_period_minutes.{stage}")
    return minutes


def is_learning(content_type: str, policy: Policy) -> bool:
    """Whether the content counts to the daily limit of learning activity."""
    return content_type in (policy.value("content.learning_types") or ())


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """What all sessions of a group have in common; `starts` and `ends` are local wall-clock."""

    stage: str
    segment: str
    content_type: str
    starts: time
    ends: time

    @property
    def minutes(self) -> int:
        """Planned length."""
        start, end = self.starts, self.ends
        return end.hour * 60 + end.minute - start.hour * 60 - start.minute


def g_series(
    policy: Policy,
    pattern: Pattern,
    weeks: Mapping[date, int],
    learned_elsewhere: Mapping[date, int],
    exceptions: Collection[str],
) -> None:
    """G-TIME for every date of a series. `weeks`: its dates with their week of the term.

    `learned_elsewhere`: the minutes of learning activity that a pupil of the group has that day in other sessions.
    """
    own = pattern.minutes if is_learning(pattern.content_type, policy) else 0
    for day, week in weeks.items():
        learned = own + learned_elsewhere.get(day, 0) if own else 0
        g_time(
            policy,
            stage=pattern.stage,
            segment=pattern.segment,
            service_date=day,
            week_of_term=week,
            is_school_day=True,
            starts=pattern.starts,
            ends=pattern.ends,
            learning_periods=ceil(learned / period_minutes(pattern.stage, policy)),
            exceptions=exceptions,
        )


def need_opening_hour(now: datetime, starts_at: datetime, ends_at: datetime, policy: Policy) -> None:
    """Not before the tolerance; late is allowed while there are hours left, or the children would have no care."""
    path = "session.opening_tolerance_minutes"
    minutes = policy.value(path)
    if not starts_at - timedelta(minutes=minutes) <= now < ends_at:
        raise Refused("not_opening_hour", gate="G-TIME", clauses=policy.clauses(path), minutes=minutes)


def g_staffed(staff: Collection[Staff], expected: int, is_duty_named: bool, content_type: str, policy: Policy) -> None:
    """G-STAFFED: everybody there is eligible now, a teacher of the school's own answers, there are enough of them."""
    charge = policy.clauses("staff.teacher_in_charge_each_activity")
    if any(one.is_kept_away for one in staff):
        raise blocked(policy, "G-STAFFED")
    if not all(one.is_eligible for one in staff):
        raise Refused("clearance_unconfirmed", gate="G-STAFFED", clauses=policy.clauses("checks.required"))
    supervising = [one for one in staff if one.role in SUPERVISING]
    in_charge = any(one.is_own and one.category == "OWN_TEACHER" for one in supervising)
    if not supervising or (policy.value("staff.teacher_in_charge_each_activity") and not in_charge):
        raise Refused("no_teacher_in_charge", gate="G-STAFFED", clauses=charge)
    path = ratio_of(content_type)
    ratio = policy.value(path)
    need = max(ceil(expected / ratio), policy.value("safety.minimum_duty_staff"))
    if len(supervising) < need:
        clauses = (*policy.clauses(path), *policy.clauses("safety.duty_staff"))
        raise Refused("too_few_adults", gate="G-STAFFED", clauses=clauses, need=need, ratio=ratio)
    if not is_duty_named:
        raise Refused("no_duty_leader", gate="G-STAFFED", clauses=policy.clauses("safety.minimum_duty_staff"))


def need_roll_complete(unmarked: int) -> None:
    """Every expected pupil has a mark (S9)."""
    if unmarked:
        raise Refused("roll_call_incomplete", unmarked=unmarked)


def need_all_handed_over(kept: int, policy: Policy) -> None:
    """No child that was received is still here (INV-ATT-02)."""
    if kept:
        clauses = policy.clauses("readiness.pickup_rules")
        raise Refused("children_in_care", gate="G-HANDOVER", clauses=clauses, children=kept)


def need_learning_within(minutes: int, planned: int, stage: str, policy: Policy) -> None:
    """Learning minutes fit into the session and stay under the daily limit of class periods."""
    path = "content.learning_activity_max_periods"
    periods = policy.value(path)
    if minutes > planned:
        raise Refused("learning_minutes_unlikely", minutes=minutes, planned=planned)
    if periods is not None and minutes > periods * period_minutes(stage, policy):
        raise Refused("too_much_learning", gate="G-TIME", clauses=policy.clauses(path), bound=path, limit=periods)

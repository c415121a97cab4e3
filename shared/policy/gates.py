"""The gates that more than one service stands at: is the plan on file (G-FILE), may a session be at this time (G-TIME),
may it hold this content (G-CONTENT), may this third party deliver it (G-PROVIDER). Pure; every bound names its key in
the policy, so that a refusal cites the plan.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import date, time, timedelta
from typing import Any

from shared.policy.document import Policy
from shared.refusals import Refused

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
LOWER_GRADES = frozenset({1, 2})
# Extended care and evening study are there to end later than the rest: the general latest end does not bind them.
LATEST_ENDS = {
    "ordinary": ("end.ordinary", "end.latest.{stage}"),
    "extended": ("extended_care.latest_end",),
    "evening": ("evening_study.latest_end",),
}
GENERAL_LATEST_END = ("end.latest.{stage}",)

CARE_CONTENT = frozenset(
    {"HOMEWORK_CARE", "HOMEWORK_TUTORING", "QA", "REMEDIAL_INDIVIDUAL", "READING", "SELF_STUDY", "EVENING_STUDY"}
)
"""Content of which one adult looks after as many as in care; all other content is an activity (Q17)."""

TRAINING, SUBJECT_TRAINING = "TRAINING_INSTITUTION", "TRAINING_INSTITUTION_SUBJECT"

Bound = tuple[str, str, Callable[[Any], bool]]
"""Key in the policy, code of the refusal, and whether the value found there is broken."""


def ratio_of(content_type: str) -> str:
    """The key of the policy that says how many pupils one adult may look after (G-STAFFED)."""
    return f"grouping.pupils_per_adult.{'care' if content_type in CARE_CONTENT else 'activity'}"


def g_file(policy: Policy, plan_state: str | None, states: Collection[str] = ("FILED", "ACTIVE")) -> None:
    """The school's plan for the term, as published (None: not yet on file), is in one of `states`."""
    if plan_state not in states:
        clauses = policy.clauses("plan.filing")
        raise Refused("plan_not_in_force", gate="G-FILE", clauses=clauses, state=plan_state or "-")


def g_time(
    policy: Policy,
    *,
    stage: str,
    segment: str,
    service_date: date,
    week_of_term: int,
    is_school_day: bool,
    starts: time,
    ends: time,
    learning_periods: int,
    exceptions: Collection[str] = (),
) -> None:
    """Refuse a session outside the bounds of day, week, segment, end, length and learning time.

    `starts` and `ends` are local wall-clock on one date, `starts` first; `week_of_term` counts from 1;
    `learning_periods` is what a pupil's day comes to with this session. `exceptions` holds the keys of the bounds
    for which an approved exception stands; it helps with bounds in principle and never with hard ones.
    """
    bounds = (
        *_day_bounds(segment, service_date, is_school_day),
        *_segment_bounds(stage, segment),
        *_clock_bounds(stage, segment, starts, ends),
        _week_bound(segment, week_of_term),
        ("content.learning_activity_max_periods", "too_much_learning", lambda most: learning_periods > most),
    )
    _refuse_the_first_broken(policy, "G-TIME", bounds, exceptions)


def g_content(
    policy: Policy,
    *,
    stage: str,
    grades: Collection[int],
    content_type: str,
    by_third_party: bool,
    subject: bool = False,
) -> None:
    """Refuse content that the plan does not name for this stage and these grades, or not from a third party.

    `subject` says that the item teaches a school subject; `by_third_party` that a provider's staff lead it.
    """
    bounds: list[Bound] = [
        ("stages", "content_not_allowed", lambda stages: stage not in stages),
        ("content.forbidden", "content_not_allowed", lambda kinds: content_type in kinds),
        (f"content.allowed.{stage}", "content_not_allowed", lambda allowed: content_type not in allowed),
    ]
    if LOWER_GRADES.intersection(grades):
        bounds.append(("grades_1_2.mode", "content_not_allowed", lambda only: content_type not in only))
    if by_third_party:
        code = "content_forbidden_to_third_party"
        bounds.append(("provider.subject_teaching", code, lambda allowed: subject and not allowed))
        bounds.append(("content.forbidden_to_third_party", code, lambda kinds: content_type in kinds))
    _refuse_the_first_broken(policy, "G-CONTENT", bounds)


def g_provider(
    policy: Policy, *, kind: str, listed_until: date | None, last_day: date, is_contracted: bool = True
) -> None:
    """Refuse a third party of a kind that the plan does not allow, off the whitelist (None) before `last_day` is over,
    or without a contract with the school for that content and time.
    """
    need_provider_kind(policy, kind)
    if listed_until is None or listed_until < last_day:
        clauses = policy.clauses("provider.selection_by")
        raise Refused("provider_not_whitelisted", gate="G-PROVIDER", clauses=clauses, last_day=last_day.isoformat())
    if not is_contracted:
        clauses = (*policy.clauses("provider.selection_by"), *policy.clauses("staff.contract_required"))
        raise Refused("provider_not_contracted", gate="G-PROVIDER", clauses=dict.fromkeys(clauses))


def need_provider_kind(policy: Policy, kind: str) -> None:
    """Refuse a kind of third party that the plan does not name; subject training is never allowed (D2)."""
    allowed = (*policy.value("provider.training_institutions"), *policy.value("provider.partner_orgs"))
    if kind not in allowed or kind == SUBJECT_TRAINING:
        path = "provider.training_institutions" if kind.startswith(TRAINING) else "provider.partner_orgs"
        raise Refused("provider_kind_not_allowed", gate="G-PROVIDER", clauses=policy.clauses(path), kind=kind)


def _day_bounds(segment: str, service_date: date, is_school_day: bool) -> Iterator[Bound]:
    today = {WEEKDAYS[service_date.weekday()], *(["SCHOOL_DAY"] if is_school_day else [])}
    yield "service_days", "day_not_allowed", today.isdisjoint
    yield "school_days_only", "day_not_allowed", lambda only: only and not is_school_day
    if segment == "club":
        yield "club_days", "day_not_allowed", today.isdisjoint


def _segment_bounds(stage: str, segment: str) -> Iterator[Bound]:
    yield "stages", "segment_not_allowed", lambda stages: stage not in stages
    if segment == "evening":
        yield "evening_study.allowed", "evening_study_not_allowed", lambda stages: stage not in stages
        return
    yield "segments", "segment_not_allowed", lambda segments: segment not in segments
    if segment == "extended":
        yield "extended_care.allowed", "segment_not_allowed", lambda allowed: not allowed


def _clock_bounds(stage: str, segment: str, starts: time, ends: time) -> Iterator[Bound]:
    for path in LATEST_ENDS.get(segment, GENERAL_LATEST_END):
        yield path.format(stage=stage), "ends_too_late", lambda latest: ends > time.fromisoformat(latest)
    yield "end.earliest", "ends_too_early", lambda earliest: ends < time.fromisoformat(earliest)
    lasts = _since_midnight(ends) - _since_midnight(starts)
    longest = "evening_study.max_minutes" if segment == "evening" else "duration.max_minutes"
    yield longest, "lasts_too_long", lambda most: lasts > timedelta(minutes=most)


def _week_bound(segment: str, week_of_term: int) -> Bound:
    path = "start_week.clubs" if segment == "club" else "start_week.care"
    return path, "starts_too_early_in_term", lambda first: week_of_term < first


def _refuse_the_first_broken(
    policy: Policy, gate: str, bounds: Collection[Bound], exceptions: Collection[str] = ()
) -> None:
    """A key that holds None binds nobody; a bound in principle lets a key in `exceptions` pass."""
    for path, code, is_broken in bounds:
        limit = policy.value(path)
        excepted = path in exceptions and policy.is_soft(path)
        if limit is not None and not excepted and is_broken(limit):
            raise Refused(code, gate=gate, clauses=policy.clauses(path), bound=path, limit=limit)


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)

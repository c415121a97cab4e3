"""How notices (E6) and windows (E7) go, and whether the families were told (G-NOTICE)."""

from collections.abc import Collection, Mapping

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

NOTICE = Machine(
    "家长告知书 notice",
    "DRAFT",
    {("DRAFT", "publish"): "PUBLISHED", ("PUBLISHED", "supersede"): "SUPERSEDED"},
)

WINDOW = Machine("报名期 window", "PLANNED", {("PLANNED", "open"): "OPEN", ("OPEN", "close"): "CLOSED"})
WINDOW_KINDS = ("TERM", "MID_TERM")


def need_whole(elements: Mapping[str, str], channels: Collection[str], policy: Policy) -> None:
    """G-NOTICE, what a notice holds: text for every element, and every channel that the profile names."""
    if missing := [name for name in policy.value("notice.elements") if not elements.get(name, "").strip()]:
        clauses = policy.clauses("notice.elements")
        raise Refused("notice_incomplete", gate="G-NOTICE", clauses=clauses, missing=", ".join(missing))
    if missing := [name for name in policy.value("notice.channels") if name not in channels]:
        clauses = policy.clauses("notice.channels")
        raise Refused("notice_channel_missing", gate="G-NOTICE", clauses=clauses, missing=", ".join(missing))


def g_notice(published_version: int | None, plan_version: int, policy: Policy) -> None:
    """G-NOTICE: a published notice speaks of the plan as it is now."""
    if published_version != plan_version:
        raise Refused("notice_missing", gate="G-NOTICE", clauses=policy.clauses("notice.elements"))


def need_open(state: str) -> None:
    """Families apply while a window is open."""
    if state != "OPEN":
        raise Refused("window_not_open", state=state)


def need_mid_term(kind: str, policy: Policy) -> None:
    """A window after the term's first, where the profile keeps one open."""
    if kind == "MID_TERM" and not policy.value("application.mid_term_open"):
        raise Refused("no_mid_term_window", gate="G-FILE", clauses=policy.clauses("application.mid_term_open"))

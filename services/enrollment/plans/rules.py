"""How a plan goes (E4), what is in its hash, and whether it is on file (G-FILE)."""

import json
from collections.abc import Collection, Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

PLAN = Machine(
    "课后服务工作方案 plan",
    "DRAFT",
    {
        ("DRAFT", "complete"): "COMPLETE",
        ("RETURNED", "complete"): "COMPLETE",
        ("COMPLETE", "submit"): "SUBMITTED",
        ("COMPLETE", "adopt"): "FILED",
        ("SUBMITTED", "return"): "RETURNED",
        ("SUBMITTED", "file"): "FILED",
        ("FILED", "activate"): "ACTIVE",
        ("FILED", "revoke"): "SUSPENDED",
        ("ACTIVE", "revoke"): "SUSPENDED",
        ("ACTIVE", "close"): "CLOSED",
    },
)

EDITABLE = ("DRAFT", "RETURNED")
ON_FILE = ("FILED", "ACTIVE")


def hash_of(
    summary: str, leadership_group: Sequence[UUID], profile: tuple[str, int], offered: Collection[tuple[Any, ...]]
) -> str:
    """sha256 of what a filing covers: text, leadership group, policy version, and of the items what is material."""
    content = [summary, sorted(map(str, leadership_group)), profile, sorted({str(one) for one in offered})]
    return sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def need_editable(state: str) -> None:
    """A plan changes only while it is a draft or was sent back."""
    if state not in EDITABLE:
        raise Refused("illegal_transition", machine=PLAN.name, state=state, action="change")


def need_complete(leadership_group: Collection[UUID], items: int, policy: Policy) -> None:
    """A plan names its leadership group, and its catalogue where the profile demands one."""
    if not leadership_group and "school" in policy.value("leadership_group.levels"):
        clauses = policy.clauses("leadership_group.levels")
        raise Refused("leadership_group_missing", gate="G-READY", clauses=clauses)
    if not items and policy.value("catalogue"):
        raise Refused("catalogue_empty", gate="G-CONTENT", clauses=policy.clauses("catalogue"))


def need_adoption(policy: Policy) -> None:
    """A school puts its own plan in force only where the profile asks for no filing."""
    if policy.value("plan.filing") != "none":
        raise Refused("filing_required", gate="G-FILE", clauses=policy.clauses("plan.filing"))


def need_filing(author: str, filer: str, stated_hash: str, current_hash: str, policy: Policy) -> None:
    """Whoever files is not whoever wrote, and files what was written (domain.md §4.3)."""
    if author == filer:
        raise Refused("same_person", gate="G-FILE", clauses=policy.clauses("plan.filing"), action="file")
    if stated_hash != current_hash:
        raise Refused("filed_content_differs", gate="G-FILE", clauses=policy.clauses("plan.filing"))


def g_file(state: str, filed_hash: str | None, current_hash: str, policy: Policy) -> None:
    """G-FILE: the plan is on file, and what is on file is what the school offers now."""
    if state not in ON_FILE:
        raise Refused("plan_not_filed", gate="G-FILE", clauses=policy.clauses("plan.filing"), state=state)
    if filed_hash != current_hash:
        raise Refused("plan_changed_since_filing", gate="G-FILE", clauses=policy.clauses("plan.filing"))


def need_term_over(ends_on: date, today: date, is_sealed: bool) -> None:
    """A plan closes when its term is over and attendance has sealed the records."""
    if today <= ends_on or not is_sealed:
        raise Refused("plan_not_closable", ends_on=ends_on.isoformat())

"""How applications (E8) go, who may do which step, and on what grounds a wish is not met."""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any
from uuid import UUID

from services.enrollment.catalogue.rules import Item
from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

UNDECIDED = ("ORAL_REGISTERED", "PRELIM_PASSED", "FORM_ISSUED", "SUBMITTED", "CLASS_REVIEWED")
DECISIONS = {
    "approve": "APPROVED",
    "reallocate": "REALLOCATION_OFFERED",
    "waitlist": "WAITLISTED",
    "reject": "REJECTED",
}

APPLICATION = Machine(
    "参加申请 application",
    "NEW",
    {
        ("NEW", "submit"): "SUBMITTED",
        ("NEW", "register_oral"): "ORAL_REGISTERED",
        ("ORAL_REGISTERED", "prelim_review"): "PRELIM_PASSED",
        ("PRELIM_PASSED", "issue_form"): "FORM_ISSUED",
        ("FORM_ISSUED", "submit_form"): "SUBMITTED",
        ("SUBMITTED", "class_review"): "CLASS_REVIEWED",
        ("REALLOCATION_OFFERED", "accept"): "APPROVED",
        ("REALLOCATION_OFFERED", "decline"): "DECLINED_BY_FAMILY",
        ("REALLOCATION_OFFERED", "no_answer"): "WAITLISTED",
        ("WAITLISTED", "approve"): "APPROVED",
        ("WAITLISTED", "reallocate"): "REALLOCATION_OFFERED",
        ("REJECTED", "appeal"): "CLASS_REVIEWED",
        ("APPROVED", "end"): "ENDED",  # its participation is over
        ("NEW", "lose_item"): "WAITLISTED",  # what the family took part in is offered no more
    }
    | {(state, action): after for state in UNDECIDED[-2:] for action, after in DECISIONS.items()}
    | {
        (state, "withdraw"): "WITHDRAWN_APPLICATION"
        for state in (*UNDECIDED, "REALLOCATION_OFFERED", "WAITLISTED", "APPROVED")
    },
)

ROLES_OF = {"leadership_member": frozenset({"leadership_member", "principal"})}
"""Who else may do a step that the profile gives to a role."""


def kind_of(items: Collection[Item]) -> str:
    """Which chain a wish goes through: that of clubs only when it is for clubs alone."""
    return "clubs" if items and all(item.segment == "club" for item in items) else "care"


def g_voluntary(is_guardian: bool, kind: str, policy: Policy) -> None:
    """G-VOLUNTARY: a verified guardian of that pupil applies, nobody else."""
    if not is_guardian:
        raise Refused("not_a_guardian_of_the_pupil", gate="G-VOLUNTARY", clauses=policy.clauses(f"applicant.{kind}"))


def g_elig(stage: str, grade: int, is_registered: bool, plan_id: UUID, items: Collection[Item], policy: Policy) -> None:
    """G-ELIG: a pupil registered at the school, in compulsory schooling, of the grades that each item is for."""
    clauses = policy.clauses(f"eligibility.{kind_of(items)}")
    if not is_registered:
        raise Refused("not_registered_here", gate="G-ELIG", clauses=clauses)
    if stage not in policy.value("stages"):
        raise Refused("stage_not_served", gate="G-ELIG", clauses=policy.clauses("stages"), stage=stage)
    for item in items:
        if item.state != "LISTED" or item.plan_id != plan_id:
            raise Refused("item_not_listed", item_id=str(item.item_id))
        if item.stage != stage or grade not in item.grades:
            raise Refused("grade_not_eligible", gate="G-ELIG", clauses=clauses, grade=grade)


def need_offered(states: Mapping[UUID, str]) -> None:
    """Nobody gets a place in an item that is offered no more; `states` by item."""
    for item_id, state in states.items():
        if state == "DELISTED":
            raise Refused("item_not_listed", item_id=str(item_id))


def need_no_clash(items: Collection[Item]) -> None:
    """Nobody is in two places at once (INV-ENR-08); back to back is fine."""
    for one, other in combinations(items, 2):
        if set(one.weekdays) & set(other.weekdays) and one.starts < other.ends and other.starts < one.ends:
            raise Refused("items_overlap", item_id=str(one.item_id), other=str(other.item_id))


def g_chain(
    chain: Sequence[Mapping[str, Any]], done: int, step: str, roles: Collection[str], clauses: Collection[str]
) -> str:
    """G-CHAIN: the step is the next of the chain and the caller bears its role; returns that role."""
    expected = chain[done] if done < len(chain) else {"step": "none", "role": "none"}
    if expected["step"] != step:
        raise Refused("step_out_of_order", gate="G-CHAIN", clauses=clauses, step=step, expected=expected["step"])
    role: str = expected["role"]
    if not ROLES_OF.get(role, frozenset({role})) & set(roles):
        raise Refused("step_of_another_role", gate="G-CHAIN", clauses=clauses, step=step, role=role)
    return role


def need_other_reviewer(
    actors: Collection[tuple[str, str]], caller: Collection[str], role: str, clauses: Collection[str]
) -> None:
    """Nobody reviews what they applied for, or passed in another role (INV-ENR-05); `caller`: account and person."""
    if any(actor in caller and acted_as != role for actor, acted_as in actors):
        raise Refused("same_person", gate="G-CHAIN", clauses=clauses, action="review")


def need_own_class(is_own: bool, clauses: Collection[str]) -> None:
    """The class teacher reviews the pupils of their own class."""
    if not is_own:
        raise Refused("not_your_class", gate="G-CHAIN", clauses=clauses)


def need_evidence(evidence_ref: str, policy: Policy) -> None:
    """Where the profile wants a difficulty proven, the form comes with its evidence (Q12)."""
    if not evidence_ref.strip() and policy.value("difficulty_proof") != "none":
        clauses = (*policy.clauses("difficulty_proof"), *policy.clauses("employer_stamp"))
        raise Refused("difficulty_not_proven", gate="G-ELIG", clauses=dict.fromkeys(clauses))


def need_waiting(state: str) -> None:
    """Only who waits is placed without another review."""
    if state != "WAITLISTED":
        raise Refused("illegal_transition", machine=APPLICATION.name, state=state, action="place")


def decides(chain: Sequence[Mapping[str, Any]], done: int) -> bool:
    """Whether the step after `done` steps is the one that decides."""
    return done == len(chain) - 1


def g_norefuse(reason_code: str | None, kind: str, policy: Policy) -> None:
    """G-NOREFUSE: a rejection gives a reason that the profile allows; want of places need not be one."""
    if reason_code not in policy.value(f"reject_reasons.{kind}"):
        clauses = dict.fromkeys((*policy.clauses(f"may_refuse.{kind}"), *policy.clauses(f"reject_reasons.{kind}")))
        raise Refused("reason_not_allowed", gate="G-NOREFUSE", clauses=clauses, reason=reason_code or "")


def need_places(
    wishes: Mapping[UUID, int], taken: Mapping[UUID, int], capacity: Mapping[UUID, int], policy: Policy
) -> None:
    """Every approved wish has a place; a family whose wish does not fit is offered another item, never refused."""
    for item_id, count in wishes.items():
        if taken.get(item_id, 0) + count > capacity[item_id]:
            raise Refused("item_full", gate="G-NOREFUSE", clauses=policy.clauses("unmet_wish"), item_id=str(item_id))

"""Writing, completing and filing plans; what follows from being on file is in `readiness`."""

from collections.abc import Sequence
from uuid import UUID

from services.enrollment.plans import queries, rules
from services.enrollment.surveys.queries import closed_surveys
from services.enrollment.surveys.rules import g_consult
from services.enrollment.tables import ServicePlan
from shared.contracts.enrollment import (
    PlanEvent,
    PlanFiled,
    PlanReturned,
    PlanSubmitted,
)
from shared.messaging.work import Work
from shared.policy.published import pin_plan, policy_of_district, term
from shared.refusals import Refused


def draft(work: Work, *, school_id: UUID, term_id: UUID, summary: str, leadership_group: Sequence[UUID]) -> ServicePlan:
    """Begin a school's plan for a term, pinned to the policy in force; there is one plan a term."""
    work.caller.need_school(school_id)
    term(work, term_id)
    if queries.plan_of_term(work, school_id, term_id) is not None:
        raise Refused("already_exists", thing="plan")
    policy = policy_of_district(work)
    return work.add(
        ServicePlan(
            district_id=work.caller.district_id,
            school_id=school_id,
            term_id=term_id,
            state=rules.PLAN.initial,
            plan_version=1,
            said=0,
            summary=summary,
            leadership_group=list(leadership_group),
            profile_id=policy.profile_id,
            profile_version=policy.version,
            authored_by=work.caller.subject,
        )
    )


def change(work: Work, plan_id: UUID, *, summary: str, leadership_group: Sequence[UUID]) -> ServicePlan:
    """Rewrite a draft, or a plan that was sent back."""
    plan = work.get(ServicePlan, plan_id, lock=True)
    rules.need_editable(plan.state)
    plan.summary, plan.leadership_group = summary, list(leadership_group)
    plan.authored_by = work.caller.subject
    return plan


def complete(work: Work, plan_id: UUID) -> ServicePlan:
    """Declare a plan complete: the families were asked, a leadership group is named, the catalogue stands."""
    plan = work.get(ServicePlan, plan_id, lock=True)
    state = rules.PLAN.move(plan.state, "complete")
    policy = queries.policy_of(work, plan)
    g_consult(closed_surveys(work, plan.school_id, plan.term_id), policy)
    rules.need_complete(plan.leadership_group, len(queries.offered_items(work, plan.id)), policy)
    plan.plan_version += plan.state == "RETURNED"
    plan.state, plan.content_hash = state, queries.current_hash(work, plan)
    return plan


def submit(work: Work, plan_id: UUID) -> ServicePlan:
    """Hand a plan to the district."""
    plan = _move(work, plan_id, "submit")
    plan.authored_by = work.caller.subject
    _say(work, plan, PlanSubmitted)
    return plan


def send_back(work: Work, plan_id: UUID, *, reason: str) -> ServicePlan:
    """The district wants changes."""
    plan = _move(work, plan_id, "return")
    plan.return_reason = reason
    _say(work, plan, PlanReturned)
    return plan


def file(work: Work, plan_id: UUID, *, file_no: str, content_hash: str) -> ServicePlan:
    """Put a plan on file (备案): by another person than its author, and exactly what was submitted."""
    plan = work.get(ServicePlan, plan_id, lock=True)
    state = rules.PLAN.move(plan.state, "file")
    current, policy = queries.current_hash(work, plan), queries.policy_of(work, plan)
    rules.need_filing(plan.authored_by, work.caller.subject, content_hash, current, policy)
    plan.state, plan.file_no, plan.filed_by = state, file_no, work.caller.subject
    _put_on_file(work, plan, current)
    return plan


def adopt(work: Work, plan_id: UUID) -> ServicePlan:
    """Put a plan in force without filing, where the profile asks for none."""
    plan = work.get(ServicePlan, plan_id, lock=True)
    state = rules.PLAN.move(plan.state, "adopt")
    rules.need_adoption(queries.policy_of(work, plan))
    plan.state = state
    _put_on_file(work, plan, queries.current_hash(work, plan))
    return plan


def _put_on_file(work: Work, plan: ServicePlan, content_hash: str) -> None:
    plan.content_hash = plan.filed_hash = content_hash
    say_pinned(work, plan, PlanFiled)


def _move(work: Work, plan_id: UUID, action: str) -> ServicePlan:
    plan = work.get(ServicePlan, plan_id, lock=True)
    plan.state = rules.PLAN.move(plan.state, action)
    return plan


def _say(work: Work, plan: ServicePlan, said: type[PlanEvent]) -> PlanEvent:
    plan.said += 1
    event = said(
        district_id=plan.district_id,
        school_id=plan.school_id,
        plan_id=plan.id,
        term_id=plan.term_id,
        plan_version=plan.plan_version,
        content_hash=plan.content_hash or "",
        profile_id=plan.profile_id,
        profile_version=plan.profile_version,
    )
    work.emit(event)
    return event


def say_pinned(work: Work, plan: ServicePlan, said: type[PlanEvent]) -> None:
    """Enrollment hears no event of its own, so it keeps the pin itself."""
    pin_plan(work, _say(work, plan, said), version=plan.said)

"""Every step of an application. Rows are locked in the order: applications, pupils, items, each by id."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from services.enrollment.applications import queries, rules
from services.enrollment.catalogue.queries import find_items, find_judged
from services.enrollment.catalogue.rules import Item
from services.enrollment.directory import queries as directory
from services.enrollment.notices.rules import need_open
from services.enrollment.tables import Application, ApplicationWindow, Participation, Pupil, ReviewStep
from shared.contracts.enrollment import (
    ApplicationApproved,
    ApplicationRejected,
    ApplicationStalled,
    ApplicationSubmitted,
)
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import policy_of_term
from shared.refusals import NotFound, Refused
from shared.timers import cancel_timer, set_timer

STALLED = "application.stalled"
OFFER_ENDS = "application.offer_ends"
KEPT = (
    *("district_id", "school_id", "window_id", "plan_id", "term_id", "pupil_id", "guardian_id", "class_id"),
    *("item_ids", "kind", "chain", "evidence_ref"),
)
"""What a family that loses its item waits with."""


# Applying


def submit(work: Work, **wish: Any) -> Application:
    """A guardian applies for their child. `wish`: window_id, pupil_id, item_ids."""
    application = _begin(work, "submit", work.caller.person_id, **wish)
    work.emit(ApplicationSubmitted(**_about(application), item_ids=tuple(application.item_ids)))
    if rules.decides(application.chain, 0):
        _place_or_wait(work, application, _policy_of(work, application))
    return application


def register_oral(work: Work, *, guardian_id: UUID, **wish: Any) -> Application:
    """The class teacher writes down what a guardian asked for by word of mouth (口头申请)."""
    application = _begin(work, "register_oral", guardian_id, **wish)
    own = queries.pupils_of_own_class(work, [application.pupil_id])
    rules.need_own_class(bool(own), _policy_of(work, application).clauses(f"review_chain.{application.kind}"))
    return application


def submit_form(work: Work, application_id: UUID, *, evidence_ref: str) -> Application:
    """A guardian hands in the form (申请表) that the class teacher gave out, with the evidence that it speaks of."""
    application = _own(work, application_id)
    policy = _policy_of(work, application)
    rules.need_evidence(evidence_ref, policy)
    clauses = policy.clauses(f"review_chain.{application.kind}")
    role = rules.g_chain(application.chain, application.step, "submit_form", work.caller.roles, clauses)
    application.evidence_ref, application.submitted_at = evidence_ref, work.now
    _step(work, application, "submit_form", role, "submitted")
    work.emit(ApplicationSubmitted(**_about(application), item_ids=tuple(application.item_ids)))
    return application


def _begin(
    work: Work, step: str, guardian_id: UUID | None, *, window_id: UUID, pupil_id: UUID, item_ids: Sequence[UUID]
) -> Application:
    """The first step of a chain, behind the gates of applying; a family that then waits too long is reported."""
    window = work.get(ApplicationWindow, window_id)
    need_open(window.state)
    pupil = work.get(Pupil, pupil_id, lock=True)
    policy = policy_of_term(work, window.school_id, window.term_id)
    kind, items = _g_apply(work, window, pupil, guardian_id, item_ids, policy)
    chain = policy.value(f"review_chain.{kind}")
    role = rules.g_chain(chain, 0, step, work.caller.roles, policy.clauses(f"review_chain.{kind}"))
    application = work.add(
        Application(
            district_id=window.district_id,
            school_id=window.school_id,
            window_id=window.id,
            plan_id=window.plan_id,
            term_id=window.term_id,
            pupil_id=pupil.id,
            guardian_id=guardian_id,
            class_id=pupil.class_id,
            item_ids=items,
            offered_item_ids=[],
            kind=kind,
            state=rules.APPLICATION.initial,
            chain=chain,
            step=0,
            submitted_at=work.now,
        )
    )
    _step(work, application, step, role, "submitted")
    set_timer(work, STALLED, application.id, work.now + timedelta(days=policy.value("application.sla_days")))
    return application


def _step(work: Work, application: Application, step: str, role: str, outcome: str) -> None:
    """Move an application to the state that a step of its chain leads to."""
    application.state = rules.APPLICATION.move(application.state, step)
    _record(work, application, step, role, outcome)


def _place_or_wait(work: Work, application: Application, policy: Policy) -> None:
    """Where nobody reviews: a place at once, or the next that becomes free; a family is never turned away."""
    try:
        _approve(work, [application], policy)
    except Refused as full:
        application.state, application.reason_code = rules.APPLICATION.move(application.state, "waitlist"), full.code


def _g_apply(
    work: Work,
    window: ApplicationWindow,
    pupil: Pupil,
    guardian_id: UUID | None,
    item_ids: Sequence[UUID],
    policy: Policy,
) -> tuple[str, list[UUID]]:
    """The gates of applying, under the pupil's lock; returns the kind of chain and the items in order."""
    wanted = find_judged(work, item_ids)
    if len(wanted) != len(set(item_ids)):
        raise NotFound("item")
    kind = rules.kind_of(wanted)
    rules.g_voluntary(directory.is_guardian(work, guardian_id, pupil.id), kind, policy)
    is_registered = pupil.active and pupil.school_id == window.school_id
    rules.g_elig(pupil.stage, pupil.grade, is_registered, window.plan_id, wanted, policy)
    if queries.has_applied(work, window.id, pupil.id, kind):
        raise Refused("already_exists", thing="application")
    rules.need_no_clash([*wanted, *_other_wishes(work, pupil.id, window.term_id)])
    return kind, [item.item_id for item in wanted]


def _other_wishes(work: Work, pupil_id: UUID, term_id: UUID, *, besides: UUID | None = None) -> list[Item]:
    """What a pupil applied for in a term, as far as it stands and is offered, besides one application."""
    wishes = find_judged(work, queries.live_items(work, pupil_id, term_id, besides))
    return [item for item in wishes if item.state != "DELISTED"]


# Reviewing


def class_step(work: Work, step: str, *, application_ids: Sequence[UUID]) -> list[Application]:
    """The class teacher takes applications of their own class one step on, all or none.

    `step`: prelim_review, issue_form or class_review, as the profile's chain has it.
    """
    applications = queries.find_applications(work, application_ids)
    policy = _policy_of(work, applications[0])
    own = queries.pupils_of_own_class(work, [one.pupil_id for one in applications])
    actors = queries.actors(work, applications)
    for one in applications:
        rules.need_own_class(one.pupil_id in own, policy.clauses(f"review_chain.{one.kind}"))
        role = _g_step(work, one, step, actors[one.id], policy)
        _step(work, one, step, role, "passed")
    return applications


def school_review(
    work: Work,
    *,
    application_ids: Sequence[UUID],
    decision: str,
    reason_code: str | None,
    item_ids: Sequence[UUID],
) -> list[Application]:
    """The leadership decides, all alike: approve, reject with a reason, offer other items, or keep waiting."""
    applications = queries.find_applications(work, application_ids)
    policy = _policy_of(work, applications[0])
    actors = queries.actors(work, applications)
    for one in applications:
        role = _g_step(work, one, "school_review", actors[one.id], policy)
        if decision == "reject":
            rules.g_norefuse(reason_code, one.kind, policy)
        _record(work, one, "school_review", role, decision)
    if decision == "approve":
        _approve(work, applications, policy)
        return applications
    for one in applications:
        one.state, one.reason_code = rules.APPLICATION.move(one.state, decision), reason_code
        if decision == "reject":
            work.emit(ApplicationRejected(**_about(one), reason_code=reason_code or ""))
        elif decision == "reallocate":
            _offer(work, one, item_ids, policy)
    return applications


def _g_step(
    work: Work, application: Application, step: str, actors: Collection[tuple[str, str]], policy: Policy
) -> str:
    clauses = policy.clauses(f"review_chain.{application.kind}")
    role = rules.g_chain(application.chain, application.step, step, work.caller.roles, clauses)
    rules.need_other_reviewer(actors, {work.caller.subject, str(work.caller.person_id)}, role, clauses)
    return role


def _approve(work: Work, applications: Sequence[Application], policy: Policy, action: str = "approve") -> None:
    """Give each application its places, or refuse the whole command when an item has too few."""
    wishes = Counter(item_id for one in applications for item_id in one.item_ids)
    items = find_items(work, wishes, lock=True)
    rules.need_offered({item.id: item.state for item in items.values()})
    taken = queries.places_taken(work, wishes)
    rules.need_places(wishes, taken, {item.id: item.capacity for item in items.values()}, policy)
    for one in applications:
        one.state = rules.APPLICATION.move(one.state, action)
        work.emit(ApplicationApproved(**_about(one), item_ids=tuple(one.item_ids)))


# Other items (协调)


def offer_reallocation(work: Work, application_id: UUID, *, item_ids: Sequence[UUID]) -> Application:
    """Item other items to a family that waits."""
    (application,) = queries.find_applications(work, [application_id])
    application.state = rules.APPLICATION.move(application.state, "reallocate")
    _offer(work, application, item_ids, _policy_of(work, application))
    return application


def _offer(work: Work, application: Application, item_ids: Sequence[UUID], policy: Policy) -> None:
    items = find_judged(work, item_ids)
    pupil = work.get(Pupil, application.pupil_id)
    rules.g_elig(pupil.stage, pupil.grade, pupil.active, application.plan_id, items, policy)
    rules.need_no_clash([*items, *_other_wishes(work, pupil.id, application.term_id, besides=application.id)])
    if not items:
        raise NotFound("item")
    application.offered_item_ids = [item.item_id for item in items]
    answer_until = work.now + timedelta(days=policy.value("application.reallocation_answer_days"))
    set_timer(work, OFFER_ENDS, application.id, answer_until)


def end(work: Work, application_ids: Collection[UUID]) -> None:
    """What families were granted is over: they may apply again."""
    over = {"state": rules.APPLICATION.move("APPROVED", "end"), "version": Application.version + 1}
    granted = update(Application).where(Application.id.in_(application_ids), Application.state == "APPROVED")
    work.session.execute(granted.values(over).execution_options(synchronize_session=False))


def wait_again(work: Work, ended: Collection[UUID]) -> None:
    """Families whose item is offered no more wait for another one, without applying anew (协调, S4).

    `ended`: the applications whose participations ended with the item.
    """
    for one in queries.find_applications(work, ended) if ended else ():
        work.add(
            Application(
                **{name: getattr(one, name) for name in KEPT},
                offered_item_ids=[],
                state=rules.APPLICATION.move(rules.APPLICATION.initial, "lose_item"),
                step=len(one.chain),
                submitted_at=work.now,
            )
        )


def place_waiting(work: Work, application_id: UUID) -> Application:
    """Give a family that waits the places that became free."""
    (application,) = queries.find_applications(work, [application_id])
    rules.need_waiting(application.state)
    _approve(work, [application], _policy_of(work, application))
    return application


def accept_offer(work: Work, application_id: UUID) -> Application:
    """A family takes the items that it was offered; it may have applied for something else since."""
    application = _own(work, application_id)
    rules.APPLICATION.move(application.state, "accept")
    pupil = work.get(Pupil, application.pupil_id, lock=True)
    offered = find_judged(work, application.offered_item_ids)
    rules.need_no_clash([*offered, *_other_wishes(work, pupil.id, application.term_id, besides=application.id)])
    application.item_ids, application.offered_item_ids = application.offered_item_ids, []
    _approve(work, [application], _policy_of(work, application), "accept")
    cancel_timer(work, OFFER_ENDS, application.id)
    return application


def decline_offer(work: Work, application_id: UUID) -> Application:
    """A family does not take the items that it was offered."""
    application = _own(work, application_id)
    application.state = rules.APPLICATION.move(application.state, "decline")
    cancel_timer(work, OFFER_ENDS, application.id)
    return application


def withdraw(work: Work, application_id: UUID) -> Application:
    """A family takes its application back; once there is a participation, that is what it withdraws from."""
    application = _own(work, application_id)
    if work.session.get(Participation, application.id) is not None:
        raise Refused("withdraw_the_participation")
    application.state = rules.APPLICATION.move(application.state, "withdraw")
    cancel_timer(work, OFFER_ENDS, application.id)
    return application


# Deadlines


def report_stalled(work: Work, application_id: UUID) -> None:
    """Say that a family waits too long (timer), once every period of the profile's, until somebody decided."""
    application = work.get(Application, application_id, lock=True)
    if application.state not in rules.UNDECIDED:
        return
    waiting = (work.now - application.submitted_at).days
    work.emit(ApplicationStalled(**_about(application), waiting_days=waiting))
    period = timedelta(days=_policy_of(work, application).value("application.sla_days"))
    set_timer(work, STALLED, application.id, work.now + period)


def end_offer(work: Work, application_id: UUID) -> None:
    """No answer in time (timer): the family goes on waiting, and keeps its wish."""
    application = work.get(Application, application_id, lock=True)
    if application.state == "REALLOCATION_OFFERED":
        application.state = rules.APPLICATION.move(application.state, "no_answer")


def _own(work: Work, application_id: UUID) -> Application:
    """The application, locked, for a guardian of its pupil; raises NotFound for everybody else."""
    application = work.get(Application, application_id, lock=True)
    if not directory.is_guardian(work, work.caller.person_id, application.pupil_id):
        raise NotFound("application")
    return application


def _about(application: Application) -> dict[str, Any]:
    return {
        "district_id": application.district_id,
        "school_id": application.school_id,
        "application_id": application.id,
        "pupil_id": application.pupil_id,
    }


def _policy_of(work: Work, application: Application) -> Policy:
    return policy_of_term(work, application.school_id, application.term_id)


def _record(work: Work, application: Application, step: str, role: str, outcome: str) -> None:
    """One more step of the chain is done; keep by whom."""
    application.step += 1
    work.add(
        ReviewStep(
            district_id=application.district_id,
            school_id=application.school_id,
            application_id=application.id,
            step=step,
            role=role,
            actor=work.caller.subject,
            outcome=outcome,
        )
    )

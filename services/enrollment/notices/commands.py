"""Writing and publishing notices; opening and closing windows."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from services.enrollment.notices import queries, rules
from services.enrollment.plans import queries as plans
from services.enrollment.surveys.queries import closed_surveys
from services.enrollment.surveys.rules import g_consult
from services.enrollment.tables import ApplicationWindow, ParentNotice, ServicePlan
from shared.contracts.enrollment import NoticePublished, WindowClosed, WindowOpened
from shared.messaging.work import Work


def draft(work: Work, *, plan_id: UUID, elements: Mapping[str, str], channels: Sequence[str]) -> ParentNotice:
    """Write a notice about a plan as it stands."""
    plan = work.get(ServicePlan, plan_id, lock=True)
    return work.add(
        ParentNotice(
            district_id=plan.district_id,
            school_id=plan.school_id,
            plan_id=plan.id,
            plan_version=plan.plan_version,
            notice_version=queries.last_version(work, plan.id) + 1,
            state=rules.NOTICE.initial,
            elements=dict(elements),
            channels=list(channels),
        )
    )


def publish(work: Work, notice_id: UUID) -> ParentNotice:
    """Let a notice out; refused while an element or a channel is missing (G-NOTICE)."""
    notice = work.get(ParentNotice, notice_id, lock=True)
    state = rules.NOTICE.move(notice.state, "publish")
    policy = plans.policy_of(work, work.get(ServicePlan, notice.plan_id))
    rules.need_whole(notice.elements, notice.channels, policy)
    if (before := queries.published_notice(work, notice.plan_id)) is not None:
        before.state = rules.NOTICE.move(before.state, "supersede")
    notice.state = state
    work.emit(
        NoticePublished(
            district_id=notice.district_id,
            school_id=notice.school_id,
            notice_id=notice.id,
            plan_id=notice.plan_id,
            notice_version=notice.notice_version,
            elements=tuple(sorted(notice.elements)),
            channels=tuple(notice.channels),
        )
    )
    return notice


# Windows


def plan_window(work: Work, *, plan_id: UUID, kind: str) -> ApplicationWindow:
    """Prepare a window of a plan."""
    plan = work.get(ServicePlan, plan_id)
    rules.need_mid_term(kind, plans.policy_of(work, plan))
    return work.add(
        ApplicationWindow(
            district_id=plan.district_id,
            school_id=plan.school_id,
            plan_id=plan.id,
            term_id=plan.term_id,
            kind=kind,
            state=rules.WINDOW.initial,
        )
    )


def open_window(work: Work, window_id: UUID) -> ApplicationWindow:
    """Let families apply: the plan is on file, they were asked, and they were told (INV-ENR-03)."""
    window = work.get(ApplicationWindow, window_id, lock=True)
    state = rules.WINDOW.move(window.state, "open")
    plan = work.get(ServicePlan, window.plan_id)
    policy = plans.policy_of(work, plan)
    plans.need_filed(work, plan)
    notice = queries.published_notice(work, plan.id)
    rules.g_notice(notice.plan_version if notice else None, plan.plan_version, policy)
    g_consult(closed_surveys(work, plan.school_id, plan.term_id), policy)
    window.state = state
    _say_window(work, window, WindowOpened)
    return window


def close_window(work: Work, window_id: UUID) -> ApplicationWindow:
    """Take no more applications."""
    window = work.get(ApplicationWindow, window_id, lock=True)
    window.state = rules.WINDOW.move(window.state, "close")
    _say_window(work, window, WindowClosed)
    return window


def close_windows(work: Work, plan_id: UUID) -> None:
    """Close every open window of a plan."""
    is_open = select(ApplicationWindow).where(ApplicationWindow.plan_id == plan_id, ApplicationWindow.state == "OPEN")
    for window in work.session.scalars(is_open.order_by(ApplicationWindow.id).with_for_update()):
        window.state = rules.WINDOW.move(window.state, "close")
        _say_window(work, window, WindowClosed)


def _say_window(work: Work, window: ApplicationWindow, said: type[WindowOpened] | type[WindowClosed]) -> None:
    work.emit(
        said(
            district_id=window.district_id,
            school_id=window.school_id,
            window_id=window.id,
            plan_id=window.plan_id,
            kind=window.kind,
        )
    )

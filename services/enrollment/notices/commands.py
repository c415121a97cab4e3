"""Writing and publishing notices."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.enrollment.notices import queries, rules
from services.enrollment.plans import queries as plans
from services.enrollment.tables import ParentNotice
from shared.contracts.enrollment import NoticePublished
from shared.messaging.work import Work


def draft(work: Work, *, plan_id: UUID, elements: Mapping[str, str], channels: Sequence[str]) -> ParentNotice:
    """Write a notice about a plan as it stands."""
    plan = plans.find_plan(work, plan_id, lock=True)
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
    policy = plans.policy_of(work, plans.find_plan(work, notice.plan_id))
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

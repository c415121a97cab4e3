"""Reading applications."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import exists, func, select

from services.enrollment.tables import Application, Participation, Pupil, ReviewStep, SchoolClass
from shared.messaging.work import Work
from shared.refusals import NotFound

OVER = ("REJECTED", "DECLINED_BY_FAMILY", "WITHDRAWN_APPLICATION", "ENDED")


def find_applications(work: Work, application_ids: Collection[UUID]) -> list[Application]:
    """Applications of one plan, locked in the order of their ids; raises NotFound unless all are there."""
    query = select(Application).where(Application.id.in_(application_ids)).order_by(Application.id)
    found = list(work.session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    if len(found) != len(set(application_ids)) or len({one.plan_id for one in found}) != 1:
        raise NotFound("application")
    return found


def approved_without_participation(work: Work, window_id: UUID, limit: int) -> list[UUID]:
    """The next approved applications of a window that are not confirmed yet."""
    confirmed = exists().where(Participation.id == Application.id)
    query = select(Application.id).where(
        Application.window_id == window_id, Application.state == "APPROVED", ~confirmed
    )
    return list(work.session.scalars(query.order_by(Application.id).limit(limit)))


def actors(work: Work, applications: Sequence[Application]) -> dict[UUID, set[tuple[str, str]]]:
    """(who, in which role) did a step of each application; the guardian is one of them."""
    found = {one.id: {(str(one.guardian_id), "guardian")} for one in applications}
    steps = work.session.execute(
        select(ReviewStep.application_id, ReviewStep.actor, ReviewStep.role).where(ReviewStep.application_id.in_(found))
    )
    for application_id, actor, role in steps:
        found[application_id].add((actor, role))
    return found


def pupils_of_own_class(work: Work, pupil_ids: Collection[UUID]) -> set[UUID]:
    """Which of these pupils are in a class whose class teacher the caller is."""
    own = select(SchoolClass.id).where(SchoolClass.teacher_id == work.caller.person_id)
    query = select(Pupil.id).where(Pupil.id.in_(pupil_ids), Pupil.class_id.in_(own))
    return set(work.session.scalars(query)) if work.caller.person_id else set()


def has_applied(work: Work, window_id: UUID, pupil_id: UUID, kind: str) -> bool:
    """Whether an application of this kind still stands: one for care and one for clubs, whose chains may differ."""
    query = select(Application.id).where(
        Application.window_id == window_id,
        Application.pupil_id == pupil_id,
        Application.kind == kind,
        Application.state.not_in(OVER),
    )
    return work.session.scalar(query) is not None


def live_items(work: Work, pupil_id: UUID, term_id: UUID, besides: UUID | None) -> list[UUID]:
    """Ids of the items that a pupil applied for in a term, as far as it still stands, besides one application."""
    rows = work.session.scalars(
        select(Application.item_ids).where(
            Application.pupil_id == pupil_id,
            Application.term_id == term_id,
            Application.id.is_distinct_from(besides),
            Application.state.not_in(OVER),
        )
    )
    return [item_id for item_ids in rows for item_id in item_ids]


def places_taken(work: Work, item_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many approved wishes hold a place in each item; the caller holds the items' rows."""
    item_id = func.unnest(Application.item_ids).label("item_id")
    wishes = select(item_id).where(Application.item_ids.overlap(list(item_ids)), Application.state == "APPROVED")
    each = wishes.subquery()
    rows = work.session.execute(select(each.c.item_id, func.count()).group_by(each.c.item_id))
    return dict(rows.all())

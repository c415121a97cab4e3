"""Reading surveys."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select

from services.enrollment.tables import Survey, SurveyPaper
from shared.messaging.work import Work


def closed_surveys(work: Work, school_id: UUID, term_id: UUID) -> list[bool]:
    """Of each closed survey of a school's term, whether it was sent to every pupil."""
    query = select(Survey.sent_to_all).where(
        Survey.school_id == school_id, Survey.term_id == term_id, Survey.state == "CLOSED"
    )
    return list(work.session.scalars(query))


def find_papers(work: Work, survey_id: UUID, pupil_ids: Collection[UUID]) -> dict[UUID, SurveyPaper]:
    """The papers of some pupils, locked, by pupil."""
    papers = work.session.scalars(
        select(SurveyPaper)
        .where(SurveyPaper.survey_id == survey_id, SurveyPaper.pupil_id.in_(pupil_ids))
        .order_by(SurveyPaper.id)
        .with_for_update()
    )
    return {paper.pupil_id: paper for paper in papers}


def answered(work: Work, survey_id: UUID) -> int:
    """How many families answered."""
    query = select(func.count()).where(SurveyPaper.survey_id == survey_id, SurveyPaper.answered_by.is_not(None))
    return work.session.scalar(query) or 0

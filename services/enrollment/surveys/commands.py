"""Sending, answering, closing."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.enrollment.directory import queries as directory
from services.enrollment.surveys import queries, rules
from services.enrollment.tables import Survey, SurveyPaper
from shared.contracts.enrollment import SurveyClosed
from shared.messaging.work import Work
from shared.policy.published import term
from shared.refusals import NotFound, Refused


def send(work: Work, *, school_id: UUID, term_id: UUID, closes_on: date, pupil_ids: Sequence[UUID] | None) -> Survey:
    """Send a survey to every registered pupil of a school, or only to those named."""
    work.caller.need_school(school_id)
    term(work, term_id)
    asked = directory.registered_pupils(work, school_id, pupil_ids)
    survey = work.add(
        Survey(
            district_id=work.caller.district_id,
            school_id=school_id,
            term_id=term_id,
            state=rules.SURVEY.move(rules.SURVEY.initial, "send"),
            closes_on=closes_on,
            sent_to_all=pupil_ids is None,
            sent_count=len(asked),
        )
    )
    work.session.add_all(
        SurveyPaper(
            district_id=survey.district_id,
            school_id=school_id,
            survey_id=survey.id,
            pupil_id=pupil_id,
            content_types=[],
        )
        for pupil_id in asked
    )
    return survey


def answer(work: Work, survey_id: UUID, *, pupil_id: UUID, **wish: Any) -> Survey:
    """A guardian answers for their child, and may answer again while the survey is open."""
    if not directory.is_guardian(work, work.caller.person_id, pupil_id):
        raise NotFound("pupil")
    return enter_answers(work, survey_id, answers=[{"pupil_id": pupil_id, **wish}])


def enter_answers(work: Work, survey_id: UUID, *, answers: Sequence[dict[str, Any]]) -> Survey:
    """The school enters what families answered on paper."""
    survey = work.get(Survey, survey_id)
    if survey.state != "OPEN":
        raise Refused("illegal_transition", machine=rules.SURVEY.name, state=survey.state, action="answer")
    papers = queries.find_papers(work, survey_id, [one["pupil_id"] for one in answers])
    for one in answers:
        paper = papers.get(one["pupil_id"])
        if paper is None:
            raise NotFound("survey_paper")
        paper.answered_by = work.caller.subject
        paper.wants_service, paper.content_types = one["wants_service"], one["content_types"]
    return survey


def close(work: Work, survey_id: UUID) -> Survey:
    """End a survey; only counts leave the service."""
    survey = work.get(Survey, survey_id, lock=True)
    answered = queries.answered(work, survey_id)
    rules.need_closable(survey.closes_on, work.today, survey.sent_count - answered)
    survey.state = rules.SURVEY.move(survey.state, "close")
    work.emit(
        SurveyClosed(
            district_id=survey.district_id,
            school_id=survey.school_id,
            survey_id=survey.id,
            term_id=survey.term_id,
            sent_count=survey.sent_count,
            answer_count=answered,
        )
    )
    return survey

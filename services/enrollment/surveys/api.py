"""HTTP door of surveys."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.directory.queries import list_visible
from services.enrollment.surveys import commands
from services.enrollment.tables import Survey, SurveyPaper
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("surveys", "意向调查 surveys")


class SurveyOut(ma.Schema):
    """A survey."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    state = ma.fields.String()
    closes_on = ma.fields.Date()
    sent_to_all = ma.fields.Boolean()
    sent_count = ma.fields.Integer()


class PaperOut(ma.Schema):
    """A pupil's paper."""

    id = ma.fields.UUID()
    survey_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    wants_service = ma.fields.Boolean(allow_none=True)
    content_types = ma.fields.List(ma.fields.String())


class NewSurvey(ma.Schema):
    """Whom to ask, until when; without `pupil_ids` every registered pupil of the school."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    closes_on = ma.fields.Date(required=True)
    pupil_ids = ma.fields.List(ma.fields.UUID(), load_default=None, allow_none=True)


class Answer(ma.Schema):
    """What a family wants."""

    pupil_id = ma.fields.UUID(required=True)
    wants_service = ma.fields.Boolean(required=True)
    content_types = ma.fields.List(ma.fields.String(), load_default=list)


class Answers(ma.Schema):
    """Answers on paper, at most 500."""

    answers = ma.fields.List(ma.fields.Nested(Answer), required=True, validate=ma.validate.Length(1, 500))


@door.post("/surveys", needs="survey.open", takes=NewSurvey, gives=SurveyOut, status=201)
def send_survey(work: Work, **wanted: Any) -> Survey:
    """Ask the families."""
    return commands.send(work, **wanted)


@door.list(
    "/surveys", needs="survey.read", gives=SurveyOut, of=Survey, filters=("school_id", "term_id", "state", "closes_on")
)
def list_surveys(work: Work) -> Select[Any]:
    """Surveys of the caller's schools."""
    return select(Survey)


@door.list("/survey-papers", needs="survey.read", gives=PaperOut, of=SurveyPaper, filters=("survey_id", "pupil_id"))
def list_survey_papers(work: Work) -> Select[Any]:
    """Papers of the pupils whom the caller may see."""
    return list_visible(work, SurveyPaper)


@door.post("/surveys/<uuid:survey_id>/answer", needs="survey.answer", takes=Answer, gives=SurveyOut)
def answer_survey(work: Work, survey_id: UUID, **answer: Any) -> Survey:
    """A guardian answers for their child."""
    return commands.answer(work, survey_id, **answer)


@door.post("/surveys/<uuid:survey_id>/enter-answers", needs="survey.open", takes=Answers, gives=SurveyOut)
def enter_survey_answers(work: Work, survey_id: UUID, answers: list[dict[str, Any]]) -> Survey:
    """Enter answers that came on paper."""
    return commands.enter_answers(work, survey_id, answers=answers)


@door.post("/surveys/<uuid:survey_id>/close", needs="survey.close", gives=SurveyOut)
def close_survey(work: Work, survey_id: UUID) -> Survey:
    """End a survey."""
    return commands.close(work, survey_id)

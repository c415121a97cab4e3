"""Reading vacancies."""

from sqlalchemy import Select, select

from services.vetting.tables import SubstituteRequest
from shared.messaging.work import Work


def list_requests(work: Work) -> Select[SubstituteRequest]:
    """Vacancies at the schools that the caller may see."""
    query = select(SubstituteRequest)
    if work.caller.school_ids is not None:
        query = query.where(SubstituteRequest.school_id.in_(work.caller.school_ids))
    return query

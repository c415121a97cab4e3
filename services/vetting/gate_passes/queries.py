"""Reading passes."""

from sqlalchemy import Select, select

from services.vetting.tables import GatePass
from shared.messaging.work import Work


def list_passes(work: Work) -> Select[GatePass]:
    """Passes at the schools that the caller may see."""
    query = select(GatePass)
    if work.caller.school_ids is not None:
        query = query.where(GatePass.school_id.in_(work.caller.school_ids))
    return query

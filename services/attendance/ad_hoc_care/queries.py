"""Reading ad-hoc care."""

from typing import Any

from sqlalchemy import Select, select

from services.attendance.directory import queries as directory
from services.attendance.tables import AdHocCare
from shared.messaging.work import Work


def list_care(work: Work) -> Select[Any]:
    """Ad-hoc care of the caller's schools; a guardian sees that of their own children."""
    return directory.narrow(work, select(AdHocCare), AdHocCare.pupil_id)

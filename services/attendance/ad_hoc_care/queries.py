"""Reading ad-hoc care."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.attendance.directory import queries as directory
from services.attendance.tables import AdHocCare
from shared.messaging.work import Work


def list_care(work: Work) -> Select[Any]:
    """Ad-hoc care of the caller's schools; a guardian sees that of their own children."""
    return directory.narrow(work, select(AdHocCare), AdHocCare.pupil_id)


def running(chain_id: UUID) -> Select[AdHocCare]:
    """The ad-hoc care that a child is in."""
    return select(AdHocCare).where(AdHocCare.chain_id == chain_id, AdHocCare.state == "IN_CARE")

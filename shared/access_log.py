"""Who read whose personal data, and for what: one row per request, kept for ever (PIPL; domain.md §3.3)."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import insert

from shared.ids import new_id
from shared.messaging.work import Work
from shared.tables import access_log


def log_access(work: Work, purpose: str, subjects: Iterable[UUID]) -> None:
    """Record that the caller reads personal data of `subjects`; dies with the request when that fails."""
    row = {"id": new_id(), "district_id": work.caller.district_id, "caller": work.caller.subject}
    work.session.execute(insert(access_log).values(**row, purpose=purpose, subjects=list(subjects)))

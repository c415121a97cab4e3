"""Messages to people, through a port: SMS, WeChat and e-mail are adapters to come, the log is the one that is here.

A message is a row of the transaction that wants it said (template and facts without personal data; the adapter looks
up the person's address), so it is sent if and only if that transaction committed.
"""

from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import func, insert, select, update

from shared.database import Database
from shared.ids import new_id
from shared.messaging.work import Work
from shared.tables import notifications

log = structlog.get_logger()

BATCH = 200


class Channel(Protocol):
    """Carries a message to a person."""

    def send(self, person_id: UUID, template: str, facts: dict[str, Any]) -> None:
        """Hand the message over; raises OSError to be asked again later."""


class LogChannel:
    """Writes that a message would have gone out."""

    def send(self, person_id: UUID, template: str, facts: dict[str, Any]) -> None:
        """See Channel.send."""
        log.info("notification", person_id=str(person_id), template=template)


def notify(work: Work, person_id: UUID, template: str, **facts: Any) -> None:
    """Tell a person something; `template` names the text, `facts` fill it and hold no personal data."""
    notify_all(work, [person_id], template, **facts)


def notify_all(work: Work, person_ids: Iterable[UUID], template: str, **facts: Any) -> None:
    """Tell several people the same."""
    told = {"district_id": work.caller.district_id, "template": template, "facts": facts}
    if rows := [{"id": new_id(), "person_id": person_id, **told} for person_id in person_ids]:
        work.session.execute(insert(notifications), rows)


def send_waiting(database: Database, channel: Channel) -> int:
    """Send what waits; returns how many were sent. A message may go out twice when a process dies here."""
    with database.session() as session:
        waiting = session.execute(
            select(notifications)
            .where(notifications.c.sent_at.is_(None))
            .order_by(notifications.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        sent, failed = [], []
        for message in waiting:
            try:
                channel.send(message.person_id, message.template, message.facts)
                sent.append(message.id)
            except OSError as fault:
                log.warning("notification_waits", fault=str(fault))
                failed.append(message.id)
        columns = notifications.c
        session.execute(update(notifications).where(columns.id.in_(sent)).values(sent_at=func.now()))
        session.execute(update(notifications).where(columns.id.in_(failed)).values(attempts=columns.attempts + 1))
        session.commit()
    return len(sent)

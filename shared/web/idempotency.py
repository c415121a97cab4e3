"""Idempotency-Key: the reply is stored in the same transaction as the effect, so a repeat cannot act twice."""

import hashlib
from typing import Any

from sqlalchemy import insert, select, text

from shared.messaging.work import Work
from shared.refusals import Refused
from shared.tables import idempotency_keys


class KeyReused(Refused):
    """The key came with another request before."""

    status = 422

    def __init__(self) -> None:
        super().__init__("idempotency_key_reused")


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same request."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).digest()


def stored_reply(work: Work, key: str, request_print: bytes) -> tuple[int, str | None, Any] | None:
    """(status, etag, reply) of the first request with this key; raises when it is in flight or was another request."""
    taken = work.session.execute(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"{work.caller.subject}\n{key}"}
    ).scalar_one()
    if not taken:
        raise Refused("idempotency_key_in_flight")
    columns = idempotency_keys.c
    found = work.session.execute(
        select(columns.fingerprint, columns.status, columns.etag, columns.reply).where(
            columns.caller == work.caller.subject, columns.key == key
        )
    ).one_or_none()
    if found is None:
        return None
    if found.fingerprint != request_print:
        raise KeyReused
    return found.status, found.etag, found.reply


def store_reply(work: Work, key: str, request_print: bytes, status: int, etag: str | None, reply: Any) -> None:
    """Keep the reply for repeats of the request; a refused request keeps nothing, because nothing happened."""
    work.session.execute(
        insert(idempotency_keys).values(
            caller=work.caller.subject, key=key, fingerprint=request_print, status=status, etag=etag, reply=reply
        )
    )

"""Idempotency-Key: the reply is stored in the same transaction as the effect, so a repeat cannot act twice."""

import hashlib
from typing import Any

from sqlalchemy import bindparam, insert, select, text

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
    if not work.session.execute(_TAKE, {"key": f"{work.caller.subject}\n{key}"}).scalar_one():
        raise Refused("idempotency_key_in_flight")
    found = work.session.execute(_STORED, {"by": work.caller.subject, "under": key}).one_or_none()
    if found is None:
        return None
    if found.fingerprint != request_print:
        raise KeyReused
    return found.status, found.etag, found.reply


def store_reply(work: Work, key: str, request_print: bytes, status: int, etag: str | None, reply: Any) -> None:
    """Keep the reply for repeats of the request; a refused request keeps nothing, because nothing happened."""
    row = {"caller": work.caller.subject, "key": key, "fingerprint": request_print}
    work.session.execute(_STORE, row | {"status": status, "etag": etag, "reply": reply})


# Built once: every POST runs all three, and building a statement costs more than sending it.
_TAKE = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
_COLUMNS = idempotency_keys.c
_STORED = select(_COLUMNS.fingerprint, _COLUMNS.status, _COLUMNS.etag, _COLUMNS.reply).where(
    _COLUMNS.caller == bindparam("by"), _COLUMNS.key == bindparam("under")
)
_STORE = insert(idempotency_keys)

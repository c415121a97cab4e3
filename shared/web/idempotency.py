"""Idempotency-Key: the reply is stored in the same transaction as the effect, so a repeat cannot act twice."""

import hashlib
from typing import Any

from psycopg.types.json import Jsonb

from shared.messaging.work import Work
from shared.refusals import Refused


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
    connection, by = work.session.connection(), work.caller.subject
    if not connection.exec_driver_sql(_TAKE, {"key": f"{by}\n{key}"}).scalar_one():
        raise Refused("idempotency_key_in_flight")
    found = connection.exec_driver_sql(_STORED, {"by": by, "key": key}).one_or_none()
    if found is None:
        return None
    if found.fingerprint != request_print:
        raise KeyReused
    return found.status, found.etag, found.reply


def store_reply(work: Work, key: str, request_print: bytes, status: int, etag: str | None, reply: Any) -> None:
    """Keep the reply for repeats of the request; a refused request keeps nothing, because nothing happened."""
    request = {"by": work.caller.subject, "key": key, "print": request_print}
    kept = {"status": status, "etag": etag, "reply": Jsonb(reply)}
    work.session.connection().exec_driver_sql(_STORE, request | kept)


_TAKE = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(key)s, 0))"
_STORED = "SELECT fingerprint, status, etag, reply FROM idempotency_keys WHERE caller = %(by)s AND key = %(key)s"
_STORE = (
    "INSERT INTO idempotency_keys (caller, key, fingerprint, status, etag, reply)"
    " VALUES (%(by)s, %(key)s, %(print)s, %(status)s, %(etag)s, %(reply)s)"
)

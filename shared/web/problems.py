"""Problem documents (RFC 9457): the one form of every answer that is not what was asked for."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, json, request
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError

from shared.ids import new_id
from shared.policy import cite
from shared.refusals import LANGUAGES, Invalid, LostRace, Refused, Unavailable, sentence

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "https://kehou.example/problems/"

_CODE_OF_STATUS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_fields",
    428: "precondition_required",
    429: "too_many_requests",
}


class Unauthenticated(Refused):
    """No valid token; `reason` is a code without any part of the token."""

    status = 401

    def __init__(self, reason: str) -> None:
        super().__init__("unauthenticated", reason=reason)


class PreconditionRequired(Refused):
    """A change without If-Match."""

    status = 428

    def __init__(self) -> None:
        super().__init__("precondition_required")


def language() -> str:
    """The caller's choice by Accept-Language; zh-CN unless English is preferred."""
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def problem(
    code: str,
    status: int,
    *,
    facts: Mapping[str, object] | None = None,
    gate: str | None = None,
    clauses: tuple[str, ...] = (),
    errors: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The problem document of a registered code."""
    chosen, facts = language(), facts or {}
    body: dict[str, Any] = {
        "type": TYPE_BASE + code.replace("_", "-"),
        "title": sentence(code, "title", chosen, facts),
        "status": status,
        "detail": sentence(code, "detail", chosen, facts),
        "instance": request.path,
        "code": code,
    }
    if gate:
        body["gate"] = gate
    if clauses:
        body["clauses"] = [_quoted(clause) for clause in clauses]
    if errors:
        body["errors"] = errors
    text = json.dumps(body, ensure_ascii=False).encode(errors="replace")  # a fact may echo half a character
    reply = Response(text, status=status, content_type=MEDIA_TYPE)
    reply.headers.update(headers or {})
    reply.headers["Content-Language"] = chosen
    reply.headers["Cache-Control"] = "no-store"
    return reply


def _quoted(clause_id: str) -> dict[str, str]:
    clause = cite(clause_id)
    return {"id": clause.id, "quote": clause.quote_zh, "meaning": clause.meaning_en}


def of_refusal(refusal: Refused) -> Response:
    """A rule's no, with its gate and the clauses that it enforces."""
    headers: dict[str, str] = {}
    if isinstance(refusal, Unavailable):
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        refusal.code,
        503 if isinstance(refusal, Unavailable) else refusal.status,
        facts=refusal.facts,
        gate=refusal.gate,
        clauses=refusal.clauses,
        errors=refusal.errors,
        headers=headers,
    )


def _of_http(fault: HTTPException) -> Response:
    status = fault.code or 500
    data: Mapping[str, Any] = getattr(fault, "data", None) or {}
    kept = {name: value for name, value in fault.get_headers() if name in ("Allow", "Retry-After", "WWW-Authenticate")}
    kept |= data.get("headers") or {}
    facts = {"thing": request.path, "reason": fault.name, "permission": "", "trace": str(new_id())}
    code = _CODE_OF_STATUS.get(status, "internal_fault" if status >= 500 else "malformed")
    return problem(code, status, facts=facts, errors=data.get("messages"), headers=kept)


def _of_fault(app: Flask, fault: InternalServerError) -> Response:
    trace = str(new_id())
    app.logger.error("fault %s", trace, exc_info=fault.original_exception)
    return problem("internal_fault", 500, facts={"trace": trace})


def _of_conflict(app: Flask, fault: IntegrityError) -> Response:
    """Two requests made the same thing at once; any other broken constraint is a fault of ours."""
    if isinstance(fault.orig, UniqueViolation):
        return of_refusal(Refused("already_exists", thing="row"))
    return _of_fault(app, InternalServerError(original_exception=fault))


def register(app: Flask) -> None:
    """Answer every refusal, HTTP error and fault of this application with a problem document."""
    app.register_error_handler(Refused, of_refusal)
    app.register_error_handler(StaleDataError, lambda _: of_refusal(LostRace()))
    app.register_error_handler(IntegrityError, lambda fault: _of_conflict(app, fault))
    for unstorable in (DataError, UnicodeEncodeError, OverflowError):
        app.register_error_handler(unstorable, lambda _: of_refusal(Invalid({"_schema": "not_storable"})))
    app.register_error_handler(OperationalError, lambda _: of_refusal(Unavailable("database_unavailable")))
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(InternalServerError, lambda fault: _of_fault(app, fault))

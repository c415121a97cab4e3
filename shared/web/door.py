"""The HTTP door of a capability: a list of routes, each a function from a unit of work to a row.

    door = Door("conduct", "师德与不良记录 conduct records")

    @door.post("/conduct-records/<uuid:record_id>/substantiate", needs="conduct.decide", takes=Finding, gives=Record)
    def substantiate(work: Work, record_id: UUID, **finding: Any) -> ConductRecord:
        \"\"\"Decide that it is true; ends every assignment of the person at once.\"\"\"
        return commands.substantiate(work, record_id, **finding)

What every route has in common happens here, in this order: who is calling, may they, is the body well formed, was
heard here what the caller knows from elsewhere (Kehou-Min-Position), is this a repeat (Idempotency-Key), is the
caller's copy current (If-Match), the unit of work, the reply with its ETag and its position.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import marshmallow as ma
from flask import Response, json, request
from sqlalchemy import Select

from shared.caller import Caller
from shared.database import Database
from shared.messaging import positions
from shared.messaging.work import Work, transact
from shared.refusals import Refused
from shared.tables import Row
from shared.web import idempotency
from shared.web.paging import Listing
from shared.web.problems import PreconditionRequired

View = Callable[..., Any]


class KeyRequired(Refused):
    """The operation moves money or custody and came without an Idempotency-Key."""

    status = 400

    def __init__(self) -> None:
        super().__init__("idempotency_key_required")


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation. `needs` None: anyone may call (the view checks what it must, such as a signature)."""

    method: str
    path: str
    view: View
    needs: str | None
    takes: type[ma.Schema] | None = None
    query: type[ma.Schema] | None = None
    gives: type[ma.Schema] | None = None
    listing: Listing | None = None
    status: int = 200
    once: bool = False
    """An Idempotency-Key is required: the operation creates or moves money or custody."""
    raw: bool = False
    """The view gets the body's bytes as `body`; for files and signed callbacks."""

    @property
    def name(self) -> str:
        """The operation's name, that of its view."""
        return self.view.__name__

    @cached_property
    def reply(self) -> ma.Schema:
        """What writes the reply, made once: making a schema costs more than writing a row with it."""
        if self.gives is None:
            raise TypeError(f"{self.name} gives nothing")
        return self.gives()


@dataclass
class Door:
    """The routes of one capability; `title` heads its section of the documentation."""

    name: str
    title: str
    routes: list[Route] = field(default_factory=list)

    def _add(self, method: str, path: str, **options: Any) -> Callable[[View], View]:
        def keep(view: View) -> View:
            self.routes.append(Route(method=method, path=path, view=view, **options))
            return view

        return keep

    def get(self, path: str, *, needs: str | None, **options: Any) -> Callable[[View], View]:
        """Read one resource; its ETag goes with it."""
        return self._add("GET", path, needs=needs, **options)

    def list(
        self,
        path: str,
        *,
        needs: str | None,
        gives: type[ma.Schema],
        of: type[Row],
        filters: Sequence[str] = (),
        sorts: Sequence[str] = ("id",),
    ) -> Callable[[View], View]:
        """A list; the view gives the query, the door pages, filters and sorts it."""
        return self._add("GET", path, needs=needs, gives=gives, listing=Listing(of, filters, sorts))

    def post(self, path: str, *, needs: str | None, **options: Any) -> Callable[[View], View]:
        """Create something (give `status=201`) or move it to another state."""
        return self._add("POST", path, needs=needs, **options)

    def patch(self, path: str, *, needs: str | None, **options: Any) -> Callable[[View], View]:
        """Change fields of a resource; If-Match is required."""
        return self._add("PATCH", path, needs=needs, **options)


def answer(database: Database, caller: Caller, route: Route, arguments: Mapping[str, Any]) -> Response:
    """Carry out one request that is known to be allowed and well formed."""

    worked: Work | None = None

    def act(work: Work) -> tuple[int, str | None, Any]:
        nonlocal worked
        worked = work
        work.expected_version = _if_match(route)
        if (key := request.headers.get("Idempotency-Key")) is None or request.method == "GET":
            if route.once:
                raise KeyRequired
            return _carry_out(work, route, arguments)
        seal = idempotency.fingerprint(request.method, request.full_path, request.get_data())
        if (stored := idempotency.stored_reply(work, key, seal)) is not None:
            return stored
        reply = _carry_out(work, route, arguments)
        idempotency.store_reply(work, key, seal, *reply)
        return reply

    if (position := request.headers.get(positions.REQUEST)) is not None:
        positions.wait_until_heard(database, position)
    status, etag, body = transact(database, caller, act)
    if isinstance(body, Response):
        return body
    reply = Response(json.dumps(body, ensure_ascii=False), status=status, content_type="application/json")
    reply.headers.update(_headers(etag, worked))
    return reply


def _headers(etag: str | None, worked: Work | None) -> Mapping[str, str]:
    headers = {"Cache-Control": "no-store"}
    if etag is not None:
        headers["ETag"] = etag
    if worked is not None and worked.said_upto:
        headers[positions.REPLY] = positions.tell(worked.service, worked.said_upto)
    return headers


def _carry_out(work: Work, route: Route, arguments: Mapping[str, Any]) -> tuple[int, str | None, Any]:
    if route.listing is not None:
        query: Select[Any] = route.view(work)
        rows, following = route.listing.page(work, query, arguments)
        return 200, None, {"items": route.reply.dump(rows, many=True), "next": following}
    result = route.view(work, **arguments)
    work.session.flush()
    if route.gives is None:
        return (204 if result is None else route.status), None, result
    etag = f'"{result.version}"' if isinstance(result, Row) else None
    return route.status, etag, route.reply.dump(result)


def _if_match(route: Route) -> int | None:
    value = request.headers.get("If-Match")
    if value is None:
        if route.method == "PATCH":
            raise PreconditionRequired
        return None
    text = value.strip().removeprefix("W/").strip('"')
    return int(text) if text.isdecimal() else -1

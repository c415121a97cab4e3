"""The HTTP client of tests, stories and the demo: one caller with a token, in process or over the network."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from shared.ids import new_id

TokenFor = Callable[[str], str]
"""A token for the named service."""


class Answered(AssertionError):
    """Another answer than the expected one; shows what was asked and what came back."""


class Client:
    """One caller."""

    def __init__(self, http: httpx.Client, token_for: TokenFor, language: str = "zh-CN") -> None:
        self._http = http
        self._token_for = token_for
        self._language = language

    def get(self, path: str, *, expect: int = 200, **query: Any) -> Any:
        """GET; the JSON of the answer."""
        return self._json(self.request("GET", path, params=query), expect)

    def post(
        self, path: str, body: Any = None, *, expect: int | tuple[int, ...] = (200, 201, 202, 204), **more: Any
    ) -> Any:
        """POST with a fresh Idempotency-Key; the JSON of the answer, or None."""
        return self._json(self.request("POST", path, body=body, **more), expect)

    def refused(self, path: str, body: Any = None, *, status: int = 409) -> Any:
        """POST that a rule must refuse; its problem document."""
        return self.post(path, body, expect=status)

    def patch(self, path: str, body: Any, *, etag: str, expect: int = 200) -> Any:
        """PATCH with If-Match."""
        return self._json(self.request("PATCH", path, body=body, headers={"If-Match": etag}), expect)

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every item of a list, page by page."""
        items: list[Any] = []
        cursor = None
        while True:
            page = self.get(path, **query, limit=200, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            if (cursor := page["next"]) is None:
                return items

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """One request as this caller; `path` begins with the service's name."""
        service = path.strip("/").split("/")[0]
        sent = {"Authorization": f"Bearer {self._token_for(service)}", "Accept-Language": self._language}
        if method == "POST":
            sent["Idempotency-Key"] = str(new_id())
        query = {name: _plain(value) for name, value in (params or {}).items()}
        return self._http.request(
            method,
            path,
            params=query,
            headers=sent | dict(headers or {}),
            **({"content": content} if content is not None else {"json": _plain(body)} if body is not None else {}),
        )

    @staticmethod
    def _json(reply: httpx.Response, expect: int | tuple[int, ...]) -> Any:
        expected = (expect,) if isinstance(expect, int) else expect
        if reply.status_code not in expected:
            asked = f"{reply.request.method} {reply.request.url}"
            raise Answered(f"{asked}: {reply.status_code} instead of {expected}: {reply.text[:2000]}")
        return reply.json() if reply.content else None


def _plain(value: Any) -> Any:
    """What JSON has no form for, as text."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

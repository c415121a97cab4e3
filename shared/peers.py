"""The three pulls between services: event catch-up, watermark, directory. The only home of an HTTP client.

Over the network it is httpx; in the embedded suite the same requests go straight to the WSGI applications.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx

Token = Callable[[str], str]
"""Gives a service token for the named target service."""


class PeerAway(OSError):
    """The other service did not answer, or not with what was asked; try again later."""


class Peers(Protocol):
    """How one service asks another."""

    def get(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        """The JSON at `/{service}/v1{path}`; raises PeerAway."""


class HttpPeers:
    """Peers behind base URLs."""

    def __init__(self, base_urls: Mapping[str, str], token: Token, *, timeout: float = 5.0) -> None:
        self._base_urls = base_urls
        self._token = token
        self._client = httpx.Client(timeout=timeout)

    def get(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        """See Peers.get."""
        url = f"{self._base_urls[service].rstrip('/')}/{service}/v1{path}"
        try:
            reply = self._client.get(url, params=dict(params), headers=_headers(self._token(service)))
            reply.raise_for_status()
            return reply.json()
        except (httpx.HTTPError, ValueError) as fault:
            raise PeerAway(f"{service}{path}: {fault}") from fault


class LocalPeers:
    """Peers in the same process, behind one WSGI application."""

    def __init__(self, application: Any, token: Token) -> None:
        self._client = httpx.Client(transport=httpx.WSGITransport(app=application), base_url="http://embedded")
        self._token = token

    def get(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        """See Peers.get."""
        reply = self._client.get(f"/{service}/v1{path}", params=dict(params), headers=_headers(self._token(service)))
        if reply.is_error:
            raise PeerAway(f"{service}{path}: {reply.status_code}")
        return reply.json()


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def fetch_json(url: str, *, timeout: float = 2.0) -> Any:
    """A public JSON document, such as a key set; raises PeerAway."""
    try:
        reply = httpx.get(url, timeout=timeout)
        reply.raise_for_status()
        return reply.json()
    except (httpx.HTTPError, ValueError) as fault:
        raise PeerAway(f"{url}: {fault}") from fault

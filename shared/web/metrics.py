"""Health and metrics of one service: `livez`, `readyz`, `metrics` (Prometheus text)."""

import time
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select, text

from shared.database import Database
from shared.service import Service
from shared.tables import inbox, outbox, timers


class DeliveryCollector:
    """How far delivery lags, read from the database when asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """Unsent events, waiting events, overdue timers."""
        with self._database.session() as session:
            unsent = session.scalar(select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None)))
            waiting = session.execute(
                select(inbox.c.status, func.count())
                .where(inbox.c.status.in_(("parked", "dead")))
                .group_by(inbox.c.status)
            ).all()
            overdue = session.scalar(
                select(func.count())
                .select_from(timers)
                .where(timers.c.fired_at.is_(None), timers.c.due_at < func.now())
            )
        yield GaugeMetricFamily("kehou_outbox_unsent", "Events not yet known to be safe with listeners", value=unsent)
        yield GaugeMetricFamily("kehou_timers_overdue", "Timers past their moment", value=overdue)
        family = GaugeMetricFamily("kehou_inbox_waiting", "Events that did not take effect", labels=["status"])
        for status in ("parked", "dead"):
            family.add_metric([status], dict(map(tuple, waiting)).get(status, 0))
        yield family


def register(app: Flask, service: Service, database: Database) -> None:
    """Add the three routes and time every request."""
    registry = CollectorRegistry()
    registry.register(DeliveryCollector(database))
    seconds = Histogram("kehou_request_seconds", "Requests", ["route", "status"], registry=registry)

    def begin() -> None:
        g.began = time.perf_counter()

    def end(response: Response) -> Response:
        seconds.labels(request.endpoint or "none", response.status_code).observe(time.perf_counter() - g.began)
        return response

    def livez() -> dict[str, Any]:
        return {"status": "alive"}

    def readyz() -> dict[str, Any]:
        with database.session() as session:
            session.execute(text("SELECT 1"))
        return {"status": "ready"}

    def metrics() -> Response:
        return Response(generate_latest(registry), content_type="text/plain; version=0.0.4")

    app.before_request(begin)
    app.after_request(end)
    for view in (livez, readyz, metrics):
        app.add_url_rule(f"/{service.name}/{view.__name__}", view.__name__, view)

"""Reading pay runs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.finance.tables import PayLine, PayRun
from shared.messaging.work import Work


def payable_lines(work: Work, school_id: UUID, term_id: UUID, until: date) -> list[PayLine]:
    """Accrued lines up to a day, locked; held ones are in no run."""
    query = select(PayLine).where(
        PayLine.school_id == school_id,
        PayLine.term_id == term_id,
        PayLine.on <= until,
        PayLine.state == "ACCRUED",
    )
    return list(work.session.scalars(query.order_by(PayLine.id).with_for_update()))


def lines_of(work: Work, run_id: UUID, *, lock: bool = False) -> list[PayLine]:
    """The lines that a run pays or paid."""
    query = select(PayLine).where(PayLine.run_id == run_id).order_by(PayLine.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(work.session.scalars(query))


def totals(lines: Sequence[PayLine]) -> dict[tuple[str, str], int]:
    """Fen by category and source of money."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        sums[line.category, line.funding_source] += line.amount_fen
    return dict(sorted(sums.items()))


def describe(work: Work, run: PayRun) -> dict[str, Any]:
    """A run with what it comes to now: lines that were held meanwhile have left it."""
    lines = lines_of(work, run.id)
    shown = {"run": run, "line_count": len(lines), "total_fen": sum(line.amount_fen for line in lines)}
    sums = [
        {"category": category, "funding_source": source, "amount_fen": amount}
        for (category, source), amount in totals(lines).items()
    ]
    return {**shown, "sums": sums}

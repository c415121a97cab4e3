"""Preparing, approving, paying a run."""

from datetime import date
from uuid import UUID

from services.finance.ledger import commands as ledger
from services.finance.ledger.rules import STAFF_PAYABLE, cash_of, g_spend, need_another
from services.finance.pay.rules import PAY_LINE, PAY_RUN
from services.finance.pay_runs import queries
from services.finance.tables import PayRun
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_term


def prepare(work: Work, *, school_id: UUID, term_id: UUID, until: date) -> PayRun:
    """Put every accrued line up to a day into a new run."""
    work.caller.need_school(school_id)
    ledger.lock_book(work, school_id, term_id)
    run = PayRun(
        id=new_id(),
        district_id=work.caller.district_id,
        school_id=school_id,
        term_id=term_id,
        until=until,
        state=PAY_RUN.move(PAY_RUN.initial, "calculate"),
        prepared_by=work.caller.subject,
    )
    for line in queries.payable_lines(work, school_id, term_id, until):
        line.state, line.run_id = PAY_LINE.move(line.state, "include"), run.id
    return work.add(run)


def approve(work: Work, run_id: UUID) -> PayRun:
    """Approve what somebody else prepared."""
    run = work.get(PayRun, run_id, lock=True)
    need_another(work.caller.subject, run.prepared_by)
    run.state = PAY_RUN.move(run.state, "approve")
    run.approved_by = work.caller.subject
    return run


def pay(work: Work, run_id: UUID) -> PayRun:
    """Pay the lines that are still in the run, each from its own source of money (G-SPEND)."""
    run = ledger.lock_after_book(work, PayRun, run_id)
    need_another(work.caller.subject, run.prepared_by)
    run.state = PAY_RUN.move(run.state, "pay")
    lines = queries.lines_of(work, run.id, lock=True)
    policy = policy_of_term(work, run.school_id, run.term_id)
    for (category, source), amount in queries.totals(lines).items():
        g_spend(category, source, str(run.id), policy)
        cause = f"pay-run:{run.id}:{category}:{source}"
        ledger.post(work, run, f"PAY:{category}", cause, {STAFF_PAYABLE: amount, cash_of(source): -amount})
    for source in {source for _, source in queries.totals(lines)}:
        ledger.need_funds(work, run, source, 0, policy)
    for line in lines:
        line.state = PAY_LINE.move(line.state, "pay")
    return run

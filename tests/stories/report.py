"""The report of a term: what happened, what was refused and why, money, custody, and the time to effect."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from shared.money import yuan
from tests.stories.closing import Account
from tests.stories.service_week import ServiceWeek
from tests.stories.stage import Refusal, Stage


def show(console: Console, week: ServiceWeek, accounts: Sequence[Account], custody: dict[str, int]) -> None:
    """Print the whole report."""
    stage = week.stage
    console.rule("What happened")
    for clock, sentence in stage.happened:
        console.print(f"[dim]{clock}[/dim]  {sentence}")
    console.rule("What was refused, and why")
    for refusal in stage.refusals:
        _refusal(console, refusal)
    console.print(_money(accounts))
    console.print(_custody(custody))
    console.print(f"From the decision about a teacher to the shut door: [bold]{week.effect_seconds:.3f} s[/bold]")


def _refusal(console: Console, refusal: Refusal) -> None:
    problem = refusal.problem
    console.print(f"[bold red]✗[/bold red] [bold]{refusal.tried}[/bold]")
    console.print(f"   {problem['title']}  {problem.get('gate', '')}  {problem['detail']}", style="dim")
    for clause in problem.get("clauses", [])[:2]:
        console.print(f"   [cyan]{clause['id']}[/cyan] 「{clause['quote']}」 {clause['meaning']}")


def _money(accounts: Sequence[Account]) -> Table:
    table = Table(title="Money, in yuan, as the public statements say it")
    for heading in (
        "school",
        "fees paid",
        "subsidy",
        "refunded",
        "staff pay",
        "provider",
        "balance",
        "receipts listed",
    ):
        table.add_column(heading, justify="left" if heading == "school" else "right")
    for account in accounts:
        parts = {part["kind"]: part["amount_fen"] for part in account.statement["parts"]}
        figures = [
            parts.get(kind, 0) for kind in ("PAYMENT", "SUBSIDY", "REFUND", "PAY:STAFF_LABOUR_PAY", "SETTLEMENT")
        ]
        money = [yuan(figure) for figure in (*figures, account.statement["balance_fen"])]
        table.add_row(account.school, *money, str(len(account.statement["receipts"])))
    return table


def _custody(custody: dict[str, int]) -> Table:
    table = Table(title="Custody: every step of every child's day is on record")
    table.add_column("step")
    table.add_column("times", justify="right")
    for step, times in sorted(custody.items()):
        table.add_row(step, str(times))
    return table


def custody_of(stage: Stage) -> dict[str, int]:
    """How often each kind of handover happened."""
    counted: dict[str, int] = {}
    for step in stage.as_("principal").all("/attendance/v1/handovers"):
        counted[step["action"]] = counted.get(step["action"], 0) + 1
    return counted

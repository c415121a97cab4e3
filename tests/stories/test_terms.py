"""A term under each plan by its profile alone, on loopback and over RabbitMQ, ending with the invariants."""

import pytest

from tests.stories.closing import Account
from tests.stories.played import PlayedTerm, play_term
from tests.stories.plots import PLOTS, Plot
from tests.stories.stage import Stage
from tests.world import House


@pytest.fixture
def term(request: pytest.FixtureRequest, house: House, plan: str, broker_url: str | None) -> PlayedTerm:
    """The term of a plan, played to its end."""
    if broker_url is None and plan == "P5":  # others look at it too
        played: PlayedTerm = request.getfixturevalue("played_term")
        return played
    return play_term(house, plan, broker_url)


def marks(plan: str) -> list[pytest.MarkDecorator]:
    """A refusal that the story provokes covers the clause of the plan that it cites."""
    cited = {clause for _, clause in PLOTS[plan].refused.values() if clause and clause.startswith(plan)}
    return [pytest.mark.clause(clause) for clause in sorted(cited)]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("plan", [pytest.param(plan, marks=marks(plan)) for plan in PLOTS])
def test_schools_live_through_a_term(term: PlayedTerm, plan: str) -> None:
    assert_refused(term.stage, PLOTS[plan])
    for account in term.accounts:
        assert_public_as_in_the_ledger(account)
    assert term.faults == []


def assert_refused(stage: Stage, plot: Plot) -> None:
    """All that was tried in vain, and nothing else, by the gate and the clause that the plot names."""
    found = {one.tried: one.problem for one in stage.refusals}
    assert set(found) == set(plot.refused)
    for tried, (gate, clause) in plot.refused.items():
        cited = [one["id"] for one in found[tried].get("clauses", [])]
        assert found[tried].get("gate") == gate, (tried, found[tried])
        assert clause is None or clause in cited, (tried, cited)


def assert_public_as_in_the_ledger(account: Account) -> None:
    """The public statement equals the ledger to the fen, and its receipts what families paid."""
    public, held = account.statement, account.balances
    accounts = ("SPECIAL_ACCOUNT_SERVICE_FEE", "SPECIAL_ACCOUNT_AGENCY_FEE", "FISCAL_SUBSIDY")
    assert public["balance_fen"] == sum(held.get(name, 0) for name in accounts)
    paid = next((part["amount_fen"] for part in public["parts"] if part["kind"] == "PAYMENT"), 0)
    assert public["receipts_fen"] == sum(line["amount_fen"] for line in public["receipts"]) == paid

"""A term under each plan by its profile alone, on loopback and over RabbitMQ, ending with the invariants."""

from collections.abc import Iterator

import pytest

from shared.messaging.topology import VHOST
from tests.invariants import at_rest, broken
from tests.servers.rabbitmq import RabbitNode
from tests.stories.closing import Account
from tests.stories.plots import PLOTS, Plot
from tests.stories.stage import SERVICES, Stage
from tests.stories.term import Term
from tests.world import KEYRING, House, World


@pytest.fixture(params=["loopback", "rabbitmq"])
def world(request: pytest.FixtureRequest, house: House) -> Iterator[World]:
    """All four services with all their loops."""
    broker: RabbitNode | None = request.getfixturevalue("rabbit") if request.param == "rabbitmq" else None
    suite = house.suite(SERVICES, broker_url=broker.url(vhost=VHOST) if broker else None)
    world = World(house, suite)
    try:
        world.deliver_all()
        suite.start()
        yield world
    finally:
        world.http.close()
        suite.stop()


def marks(plan: str) -> list[pytest.MarkDecorator]:
    """A refusal that the story provokes covers the clause of the plan that it cites."""
    cited = {clause for _, clause in PLOTS[plan].refused.values() if clause and clause.startswith(plan)}
    return [pytest.mark.clause(clause) for clause in sorted(cited)]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("plan", [pytest.param(plan, marks=marks(plan)) for plan in PLOTS])
def test_schools_live_through_a_term(world: World, plan: str) -> None:
    plot = PLOTS[plan]
    stage = Stage(world.http, world.house.issuer, KEYRING)
    term = Term(stage, plot, pupils=300, families=(6, 5, 5))
    term.play()
    assert_refused(stage, plot)
    for account in term.closing.accounts:
        assert_public_as_in_the_ledger(account)
    stage.until(lambda: at_rest(world.read))
    assert broken(world.read, stage.district) == []


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

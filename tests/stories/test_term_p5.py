"""A Hebi school's term (P5): the story of `make demo`, on loopback and over RabbitMQ, ending with the invariants."""

import pytest

from shared.messaging.topology import VHOST
from tests.servers.rabbitmq import RabbitNode
from tests.stories.opening import FEE_FEN
from tests.stories.played import PlayedTerm, play_term
from tests.world import House


@pytest.fixture(params=["loopback", "rabbitmq"])
def term(request: pytest.FixtureRequest, house: House) -> PlayedTerm:
    if request.param == "loopback":
        played: PlayedTerm = request.getfixturevalue("played_term")
        return played
    broker: RabbitNode = request.getfixturevalue("rabbit")
    return play_term(house, broker.url(vhost=VHOST))


REFUSED = {
    "clear a teacher before the checks are in": ("G-CLEAR", "EXT-2020-14"),
    "an item until 19:10": ("G-TIME", "P5-3.2.3"),
    "open the window before the plan is on file": ("G-FILE", "P5-3.4.0.2"),
    "a notice without time, venue, staff, fee": ("G-NOTICE", "P5-2.3.2"),
    "the school approves before the class has reviewed": ("G-CHAIN", "P5-3.4.0.1"),
    "turn a child away for want of places": ("G-NOREFUSE", "P5-2.3.5"),
    "assign somebody without a contract here": ("G-CLEAR", "P5-3.5.6"),
    "activate the plan before the safety systems stand": ("G-READY", "P5-4.3.2"),
    "let in a teacher who is not on the roster": ("G-STAFFED", "S3"),
    "hand over with a wrong headcount": ("G-HANDOVER", "P5-4.3.4"),
    "release a child to an adult who is not authorised": ("G-HANDOVER", "EXT-23-31"),
    "pass the gate without a pass": ("G-GATE", "P5-4.3.3"),
    "let the blocked teacher in": ("G-CLEAR", "P5-3.5.8"),
    "pay before anybody approved": (None, None),
    "spend fees on something else": ("G-SPEND", "P5-4.2.6"),
}


@pytest.mark.timeout(300)
@pytest.mark.clause("P5-3.2.3")
@pytest.mark.clause("P5-3.4.0.2")
@pytest.mark.clause("P5-2.3.2")
@pytest.mark.clause("P5-3.4.0.1")
@pytest.mark.clause("P5-2.3.5")
@pytest.mark.clause("P5-3.5.8")
@pytest.mark.clause("P5-4.2.6")
def test_a_school_lives_through_a_term(term: PlayedTerm) -> None:
    found = {one.tried: one.problem for one in term.stage.refusals}
    assert set(found) == set(REFUSED)
    for tried, (gate, clause) in REFUSED.items():
        cited = [one["id"] for one in found[tried].get("clauses", [])]
        assert found[tried].get("gate") == gate, tried
        assert clause is None or clause in cited, (tried, cited)
    for account in term.accounts:
        public = account.statement
        assert (
            public["balance_fen"]
            == account.balances["SPECIAL_ACCOUNT_SERVICE_FEE"] + account.balances["FISCAL_SUBSIDY"]
        )
        assert public["receipts_fen"] == sum(line["amount_fen"] for line in public["receipts"])
        assert len(public["receipts"]) * FEE_FEN == public["receipts_fen"]
    assert term.faults == []

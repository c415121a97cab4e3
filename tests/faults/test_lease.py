"""The lease: how long attendance trusts its copy of what vetting said, whatever is broken in between."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from shared.caller import service_itself
from shared.contracts.vetting import StaffBlocked
from shared.ids import new_id
from shared.messaging.lease import Lease, is_fresh
from shared.messaging.work import open_work
from shared.peers import PeerAway, Peers
from tests.deliverer import PUBLISHER
from tests.faults.carried import wait_until
from tests.world import World

SERVICES = (PUBLISHER, "attendance")


class Switch:
    """Peers that can be cut off."""

    def __init__(self, peers: Peers) -> None:
        self.peers = peers
        self.is_cut = False

    def get(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        if self.is_cut:
            raise PeerAway(service)
        return self.peers.get(service, path, params)


def test_a_copy_is_trusted_for_the_lease_and_not_longer_when_its_publisher_is_away(world: World) -> None:
    world.deliver_all()
    world.change("attendance", "UPDATE inbox_position SET fresh_until = NULL")
    switch = Switch(world.suite.peers)
    lease = Lease(world.suite.inboxes["attendance"], switch, "vetting", seconds=1.0)

    def fresh() -> bool:
        with world.suite.nodes["attendance"].database.session() as session:
            return bool(session.scalar(select(is_fresh("vetting"))))

    lease.renew()
    assert fresh()
    switch.is_cut = True
    with pytest.raises(PeerAway):
        lease.renew()
    assert fresh()
    wait_until(lambda: not fresh())
    switch.is_cut = False
    lease.renew()
    assert fresh()


def test_a_lease_is_not_renewed_over_an_event_that_has_not_arrived(world: World) -> None:
    """The naive heartbeat would overtake a lost block; this lease pulls the block first."""
    world.deliver_all()
    person = new_id()
    with open_work(world.suite.nodes["vetting"].database, service_itself("vetting", world.district)) as work:
        work.emit(
            StaffBlocked(
                district_id=world.district,
                person_id=person,
                category="OWN_TEACHER",
                clearance_epoch=1,
                effective_at=work.now,
                reason_class="ETHICS",
            )
        )
    Lease(world.suite.inboxes["attendance"], world.suite.peers, "vetting", seconds=60).renew()
    rows = world.read("attendance", "SELECT state FROM clearances WHERE id = :p", p=person)
    assert rows == [("BLOCKED",)]

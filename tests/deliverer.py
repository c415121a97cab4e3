"""Delivery in a process of its own, so that a test may kill it: `python -m tests.deliverer '{"broker_url": …}'`.

It runs the loops of vetting and attendance over loopback or RabbitMQ until it is killed, by the test or by a crash
point that the test armed.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

from shared.crash import arm
from tests.world import House, open_house

PAIR = ("vetting", "attendance")


def main(order: dict[str, Any]) -> None:
    """Deliver until killed."""
    arm(order.get("crash", {}))
    house: House = open_house(order["urls"], Path(order["data_dir"]))
    house.suite(PAIR, broker_url=order.get("broker_url")).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

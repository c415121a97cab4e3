"""Comparing two ways of doing the same thing on a machine whose speed nobody knows.

Ours and the baseline take turns within one run, and their ratio is judged: what else the machine does befalls both.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5
WARM_UP = 1

Pair = tuple[float, float]
"""Seconds, or a rate: ours, and the baseline's."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the report: what was measured, and whether it is good enough."""

    name: str
    ours: str
    baseline: str
    measured: str
    wanted: str
    met: bool


def seconds(act: Callable[[], object]) -> float:
    """How long `act` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def compare(
    name: str, unit: str, play: Callable[[bool], Pair], *, units: int, floor: float, at_least: int = 0
) -> Figure:
    """Play rounds of `units` each, ours first in every other one; the median ratio of the rates must reach `floor`.

    `at_least` is what our own median rate must reach besides, in units a second.
    """
    rounds = [play(number % 2 == 0) for number in range(WARM_UP + ROUNDS)][WARM_UP:]
    ratios = [theirs / ours for ours, theirs in rounds]
    ratio = statistics.median(ratios)
    rate, baseline = (statistics.median(units / one[side] for one in rounds) for side in (0, 1))
    return Figure(
        name=name,
        ours=f"{rate:,.0f} {unit}/s",
        baseline=f"{baseline:,.0f} {unit}/s",
        measured=f"{ratio:.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
        wanted=f"≥ {floor:.2f}" + (f", ≥ {at_least:,} {unit}/s" if at_least else ""),
        met=ratio >= floor and rate >= at_least,
    )

"""`python -m tests.bench [name …]`: what the product costs beside the bare libraries; exits 1 when a floor is missed.

The figures of one run are compared with each other only, because the machine may be shared: watch the ratios.
"""

import sys
import time
import warnings
from collections.abc import Callable, Sequence

import structlog
from rich.console import Console
from rich.table import Table

from tests.bench.asking import release, roll_call, small_post
from tests.bench.consuming import consumer
from tests.bench.ground import Ground, ground
from tests.bench.measure import Figure
from tests.bench.refusing import refusal
from tests.bench.relaying import relay
from tests.bench.rostering import block, bulk_assignment, eligibility

BENCHES: dict[str, Callable[[Ground], Figure]] = {
    bench.__name__: bench
    for bench in (relay, consumer, small_post, roll_call, release, refusal, eligibility, block, bulk_assignment)
}


def main(names: Sequence[str]) -> int:
    """Run the named benches, or all."""
    if unknown := set(names) - set(BENCHES):
        sys.stderr.write(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}\n")
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    began, figures = time.monotonic(), []
    with ground() as where:
        for name in names or BENCHES:
            sys.stderr.write(f"{name} …\n")
            figures.append(BENCHES[name](where))
    Console(width=120).print(table(figures, time.monotonic() - began))
    return 0 if all(figure.met for figure in figures) else 1


def table(figures: Sequence[Figure], seconds: float) -> Table:
    """The report."""
    made = Table(title=f"Benches, {seconds:.0f} s. Ratio: median of rounds (least–most), ours over the baseline.")
    for heading in ("bench", "ours", "baseline", "measured", "wanted", ""):
        made.add_column(heading)
    for one in figures:
        made.add_row(one.name, one.ours, one.baseline, one.measured, one.wanted, "met" if one.met else "MISSED")
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

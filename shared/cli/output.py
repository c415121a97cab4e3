"""What commands print."""

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

WIDTH_OF_A_FILE = 220


def print_table(headers: Iterable[str], rows: Iterable[Iterable[object]], *, title: str | None = None) -> None:
    """A table on stdout, as wide as the terminal; wide enough for `grep` where there is none."""
    table = Table(*headers, title=title, title_justify="left")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, markup=False, highlight=False).print(table)

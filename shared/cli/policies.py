"""`kehou policy`: what a plan says, what this system assumes where it is silent, and where two plans disagree."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from shared.cli.output import print_table
from shared.policy import base_names, check, cite, diff, effective
from shared.policy.document import Leaf
from shared.policy.load import DEFAULTS

HEADERS = {
    "zh": ("键 key", "值 value", "来源 from", "性质", "条款 clause", "原文"),
    "en": ("key", "value", "from", "bound", "clause", "meaning"),
}
BOUNDS = {
    "zh": {"principle": "原则上", "hard": "必须"},
    "en": {"principle": "in principle", "hard": "hard"},
}
NAME = click.Choice(base_names())


@click.group()
def policy() -> None:
    """Read, compare and check the packaged policy profiles."""


@policy.command()
@click.argument("name", type=NAME)
@click.option("--path", default="", help="Only this key and what lies under it, such as end.latest.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def show(name: str, path: str, language: str) -> None:
    """Every value of a profile with the clauses that it comes from."""
    document = effective(name).document
    chosen = {key: leaf for key, leaf in document.items() if f"{key}.".startswith(f"{path.rstrip('.')}.") or not path}
    if not chosen:
        raise click.UsageError(f"no key {path!r} in {name}")
    print_table(HEADERS[language], (row for key, leaf in chosen.items() for row in _rows(key, leaf, language)))


@policy.command(name="diff")
@click.argument("a", type=NAME)
@click.argument("b", type=NAME)
def compare(a: str, b: str) -> None:
    """Where two profiles hold different values."""
    rows = diff(effective(a), effective(b))
    print_table(("key", a, b), ((key, _text(left), _text(right)) for key, left, right in rows))


@policy.command(name="check")
@click.argument("name", type=click.Choice([*base_names(), DEFAULTS]), required=False)
def check_profiles(name: str | None) -> None:
    """Say what is wrong with one profile, or with all; exit code 1 if anything is."""
    faults = {base: check(base) for base in ([name] if name else [DEFAULTS, *base_names()])}
    for base, found in faults.items():
        click.echo(f"{base}: {'; '.join(found) or 'good'}")
    sys.exit(1 if any(faults.values()) else 0)


def _rows(key: str, leaf: Leaf, language: str) -> Iterator[tuple[str, ...]]:
    """A row per clause; the value stands in the first one only."""
    head = (key, _text(leaf["value"]), leaf["from"], BOUNDS[language].get(leaf.get("strict", ""), ""))
    for clause in map(cite, leaf["clauses"]):
        yield (*head, clause.id, clause.quote_zh if language == "zh" else clause.meaning_en)
        head = ("", "", "", "")


def _text(value: Any) -> str:
    return "—" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""What an id stands for: a clause of a plan, an outside rule, or a decision of this system."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Clause:
    """A rule as it can be shown to whoever was refused; the quotation is the plan's own words, or the rule's number."""

    id: str
    quote_zh: str
    meaning_en: str


def cite(clause_id: str) -> Clause:
    """The clause with this id; raises KeyError when neither list has it."""
    try:
        return _clauses()[clause_id]
    except KeyError:
        raise KeyError(f"no clause {clause_id!r} in clauses.csv or outside_rules.csv") from None


@cache
def _clauses() -> dict[str, Clause]:
    plans = (Clause(row["id"], row["quote_zh"], row["requirement_en"]) for row in _rows("clauses.csv"))
    outside = (Clause(row["id"], row["quote_zh"], row["meaning_en"]) for row in _rows("outside_rules.csv"))
    return {clause.id: clause for clause in (*plans, *outside)}


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("shared.policy") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))

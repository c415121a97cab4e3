"""Reads the packaged profiles, checks them against `schema.json`, and lays a plan over the defaults.

A base is one YAML file. What a plan leaves unsaid stays `null` there, and the effective document marks every leaf
with where it comes from, so that a report can tell what the plan says from what this system assumes.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from shared.policy.cite import cite
from shared.policy.document import Leaf, Policy, flatten

DEFAULTS = "defaults"
_PACKAGE = files("shared.policy")
_PROFILES = _PACKAGE / "profiles"


def base_names() -> list[str]:
    """The profiles that a district can start from; the defaults lie under all of them and are none themselves."""
    names = (entry.name.removesuffix(".yaml") for entry in _PROFILES.iterdir() if entry.name.endswith(".yaml"))
    return sorted(name for name in names if name != DEFAULTS)


def load_base(name: str) -> dict[str, Any]:
    """The file as written, nested; raises KeyError for a name that is not packaged."""
    return deepcopy(_parsed(name))


def effective(name: str, *, version: int = 1, overlay: Mapping[str, Any] | None = None) -> Policy:
    """The base `name` over the defaults, and `overlay` (nested or flat, leaves like a plan's) over both.

    An overlay leaf keeps the strictness and the clauses of what it replaces unless it states its own.
    Raises ValueError, with every fault in one message, when the overlay breaks the schema or a hard bound.
    """
    document = {path: _default(leaf) for path, leaf in flatten(load_base(DEFAULTS)).items() if leaf}
    document |= {path: _stated(leaf, "plan") for path, leaf in flatten(load_base(name)).items() if leaf}
    district = flatten(overlay or {})
    if faults := _overlay_faults(district, document):
        raise ValueError(f"overlay of {name}: " + "; ".join(faults))
    document |= {path: document[path] | _stated(leaf, "overlay") for path, leaf in district.items() if leaf}
    return Policy(name, version, document)


def check(name: str) -> list[str]:
    """What is wrong with a packaged base, one sentence each; an empty list when nothing is."""
    flat = flatten(load_base(name))
    faults = _faults(flat)
    if name == DEFAULTS:
        missing = set(_schema()["properties"]) - set(flat)
        return [*faults, *(f"{path}: the defaults must name every key" for path in sorted(missing))]
    plans = {cited.split("-")[0] for _, cited in _citations(flat)}
    mixed = [f"cites more than one plan: {', '.join(sorted(plans))}"] if len(plans) > 1 else []
    uncited = (path for path, leaf in flat.items() if leaf and not leaf.get("clauses"))
    return [*faults, *mixed, *(f"{path}: a stated value cites its clauses" for path in uncited)]


def diff(a: Policy, b: Policy) -> list[tuple[str, Any, Any]]:
    """Where two policies hold different values, by path; None on the side that lacks the key."""
    nothing: Leaf = {"value": None}
    paths = sorted({*a.document, *b.document})
    pairs = ((path, a.document.get(path, nothing)["value"], b.document.get(path, nothing)["value"]) for path in paths)
    return [(path, left, right) for path, left, right in pairs if left != right]


def _default(leaf: Leaf) -> Leaf:
    kept: Leaf = {key: leaf[key] for key in ("value", "strict") if key in leaf}
    return {**kept, "clauses": [leaf.get("decision") or leaf.get("source")], "from": "default"}


def _stated(leaf: Leaf, origin: str) -> Leaf:
    kept: Leaf = {key: leaf[key] for key in ("value", "clauses", "strict", "document_no") if key in leaf}
    return {**kept, "from": origin}


def _overlay_faults(overlay: Mapping[str, Leaf | None], below: Mapping[str, Leaf]) -> list[str]:
    faults = _faults(overlay)
    if faults:
        return faults
    for path, leaf in overlay.items():
        if leaf is None or leaf["value"] is None:
            faults.append(f"{path}: an overlay states a value")
        elif _changes_a_hard_bound(leaf, below[path]):
            faults.append(f"{path}: a hard bound is not a district's to change")
    return faults


def _changes_a_hard_bound(new: Leaf, old: Leaf) -> bool:
    kept: bool = new["value"] == old["value"] and new.get("strict", "hard") == "hard"
    return old.get("strict") == "hard" and not kept


def _faults(flat: Mapping[str, Leaf | None]) -> list[str]:
    broken = [f"{'.'.join(map(str, error.path))}: {error.message}" for error in _validator().iter_errors(flat)]
    # Citations are read only from leaves of the right shape: an overlay comes from outside and may hold anything.
    return broken or [f"{path}: no such clause as {cited}" for path, cited in _citations(flat) if not _is_known(cited)]


def _citations(flat: Mapping[str, Leaf | None]) -> Iterator[tuple[str, str]]:
    for path, leaf in flat.items():
        if leaf:
            yield from ((path, cited) for cited in leaf.get("clauses", ()))
            yield from ((path, leaf[key]) for key in ("decision", "source") if key in leaf)


def _is_known(clause_id: str) -> bool:
    try:
        cite(clause_id)
    except KeyError:
        return False
    return True


@cache
def _parsed(name: str) -> dict[str, Any]:
    if name not in {*base_names(), DEFAULTS}:
        raise KeyError(f"no packaged policy {name!r}; there are: {', '.join(base_names())}")
    parsed: dict[str, Any] = yaml.safe_load((_PROFILES / f"{name}.yaml").read_text(encoding="utf-8"))
    return parsed


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(_schema())


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_PACKAGE / "schema.json").read_text(encoding="utf-8"))
    return schema

"""A policy document and the questions that rules ask of it.

In YAML and in a district's overlay the keys are nested, because people write and read them; everywhere else (in the
event, in the database, in a rule) a document is flat, `{"end.latest.primary": leaf}`, so that looking up, laying one
document over another and comparing two need no walk. A leaf is `{value, clauses, strict?, from}`.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

Leaf = dict[str, Any]
"""`{value, clauses, strict?, from}`; before it becomes effective also `decision` or `source` (defaults)."""


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Leaf | None]:
    """Dotted path to leaf; None where the document has the key and says nothing. A flat document stays as it is."""
    flat: dict[str, Leaf | None] = {}
    for key, node in nested.items():
        path = f"{prefix}{key}"
        if _is_branch(node):
            flat |= flatten(node, f"{path}.")
        else:
            flat[path] = deepcopy(node)
    return flat


def _is_branch(node: object) -> bool:
    return isinstance(node, Mapping) and "value" not in node


@dataclass(frozen=True)
class Policy:
    """One version of one profile, as it is in force: the plan over the defaults, a district's overlay over both."""

    profile_id: str
    version: int
    document: Mapping[str, Leaf] = field(hash=False)

    @classmethod
    def from_document(cls, profile_id: str, version: int, document: Mapping[str, Any]) -> "Policy":
        """The policy that a published event or a stored row carries, with its hash computed anew."""
        return cls(profile_id, version, {path: leaf for path, leaf in flatten(document).items() if leaf is not None})

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the canonical JSON of id, version and document; the same whatever the order of keys."""
        content = {"profile_id": self.profile_id, "version": self.version, "document": dict(self.document)}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()

    def value(self, path: str) -> Any:
        """What holds at `path`; None only where neither the plan nor the defaults say anything."""
        return self._leaf(path)["value"]

    def clauses(self, path: str) -> tuple[str, ...]:
        """The ids that `cite` knows: the plan's clauses, or the decision or outside rule behind the default."""
        return tuple(self._leaf(path)["clauses"])

    def section(self, prefix: str) -> dict[str, Any]:
        """The values under `prefix`, by the rest of their path: `section("readiness")` is the checklist."""
        start = f"{prefix}."
        return {
            path.removeprefix(start): leaf["value"] for path, leaf in self.document.items() if path.startswith(start)
        }

    def is_soft(self, path: str) -> bool:
        """Whether the bound holds "in principle" (原则上, 一般), so that an approved exception may pass it."""
        return self._leaf(path).get("strict") == "principle"

    def is_silent(self, path: str) -> bool:
        """Whether neither the plan nor its district's overlay says anything, and the default fills in."""
        return bool(self._leaf(path)["from"] == "default")

    def _leaf(self, path: str) -> Leaf:
        try:
            return self.document[path]
        except KeyError:
            raise KeyError(f"policy {self.profile_id}@{self.version} has no key {path!r}") from None

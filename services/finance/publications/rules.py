"""What has to be posted, and what makes a publication count (F2, G-PUB)."""

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

PUBLICATION = Machine(
    "收费公示 fee publication",
    "POSTED",
    {
        ("POSTED", "verify"): "VERIFIED",
        ("VERIFIED", "verify"): "VERIFIED",
        ("POSTED", "invalidate"): "INVALID",
        ("VERIFIED", "invalidate"): "INVALID",
    },
)


def contents(
    item_ids: Collection[UUID], unit: str, amount_fen: int, document_nos: Collection[str], complaint_phone: str
) -> dict[str, Any]:
    """What the board has to say about a standard."""
    return {
        "items": sorted(map(str, item_ids)),
        "standard": {"unit": unit, "amount_fen": amount_fen},
        "basis": list(document_nos),
        "complaint_phone": complaint_phone,
    }


def content_hash(said: Mapping[str, Any]) -> str:
    """Hex SHA-256 of the canonical form; the order of items and of keys does not count."""
    ordered = {**said, "items": sorted(map(str, said.get("items") or ()))}
    canonical = json.dumps(ordered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode()).hexdigest()


def need_posted_as_approved(seen: Mapping[str, Any], approved_hash: str | None, policy: Policy) -> None:
    """The board says everything that it must, and exactly what was approved."""
    clauses = (*policy.clauses("fee.publication.contents"), *policy.clauses("fee.block_if_unpublished"))
    if missing := [element for element in policy.value("fee.publication.contents") if not seen.get(element)]:
        raise Refused("publication_incomplete", gate="G-PUB", clauses=clauses, missing=", ".join(missing))
    if content_hash(seen) != approved_hash:
        raise Refused("publication_differs", gate="G-PUB", clauses=clauses)


def need_in_force(state: str, policy: Policy) -> None:
    """Only an approved standard is posted."""
    if state not in ("APPROVED", "IN_EFFECT"):
        raise Refused("standard_not_approved", gate="G-PUB", clauses=policy.clauses("fee.approval"), state=state)

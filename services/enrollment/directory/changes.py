"""What a bundle would do, before it does it: the difference of two directories, and whether it is too much to trust.

A difference knows no bulk or delta: `mapping.to_directory` has already weighed what absence means. Nothing is ever
deleted; what is no longer there is deactivated, and history and open custody stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.enrollment.directory.snapshot import Directory

KINDS = (
    "districts", "schools", "school_years", "terms", "classes", "people", "roles", "memberships",
    "pupils", "guardians", "staff",
)  # fmt: skip
"""The mappings of a Directory: eight kinds of facts, and the three views."""


@dataclass(frozen=True)
class Change:
    """Ids by what happens to them, sorted; the values stand in the two directories."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    deactivated: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """For the preview, which shows numbers first."""
        return {"added": len(self.added), "changed": len(self.changed), "deactivated": len(self.deactivated)}


Changes = Mapping[str, Change]


def plan_changes(current: Directory, incoming: Directory) -> Changes:
    """One Change a kind, from the directory that stands to the one that `to_directory(checked, current)` returned."""
    return {kind: _change(getattr(current, kind), getattr(incoming, kind)) for kind in KINDS}


def _change(old: Mapping[str, object], new: Mapping[str, object]) -> Change:
    return Change(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(key for key in new.keys() & old.keys() if new[key] != old[key])),
        deactivated=tuple(sorted(old.keys() - new.keys())),
    )


def exceeds(changes: Changes, current: Directory, thresholds: Mapping[str, float]) -> list[str]:
    """The kinds of which a greater share than their threshold (0 to 1) would change or be deactivated.

    A run that exceeds any is refused whole until a person confirms it: a register that lost half its pupils overnight
    is far more often a broken export than the truth.
    """
    return [
        kind
        for kind, change in changes.items()
        if kind in thresholds
        and len(change.changed) + len(change.deactivated) > thresholds[kind] * len(getattr(current, kind))
    ]

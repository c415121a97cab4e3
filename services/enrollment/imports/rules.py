"""How an import goes, what is too much to trust, and how a fact of the register is written down and read again."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from services.enrollment.directory import snapshot
from shared.refusals import Refused
from shared.states import Machine

IMPORT = Machine(
    "名录导入 import",
    "STAGED",
    {("STAGED", "apply"): "APPLYING", ("APPLYING", "finish"): "APPLIED"},
)

THRESHOLDS = {"schools": 0.2, "classes": 0.3, "pupils": 0.2, "guardians": 0.2, "staff": 0.2}
"""Shares of what stands; more changed or gone at once wants a person's confirmation. No plan speaks of it."""

FACTS: Mapping[str, type[Any]] = {
    "districts": snapshot.District,
    "schools": snapshot.School,
    "school_years": snapshot.SchoolYear,
    "terms": snapshot.Term,
    "classes": snapshot.SchoolClass,
    "people": snapshot.Person,
    "roles": snapshot.Role,
    "memberships": snapshot.Membership,
}

PERSONAL = ("family_name", "given_name", "phone", "student_number")
"""Fields that are never written in the open."""


def need_whole_district(schools: object) -> None:
    """A bundle speaks for the whole district, so nobody who sees only some schools may bring or apply one."""
    if schools is not None:
        raise Refused("import_is_for_the_district")


def need_confirmation(exceeded: list[str], confirmed: bool) -> None:
    """A register that lost much overnight is far more often a broken export than the truth."""
    if exceeded and not confirmed:
        raise Refused("import_wants_confirmation", kinds=", ".join(exceeded))


def need_newest(based_on: object, newest: object) -> None:
    """The preview was made against the directory as it still stands."""
    if based_on != newest:
        raise Refused("import_outdated")


def pack(fact: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A fact as JSON values, and apart from them what must be sealed."""
    values = asdict(fact)
    values.pop("source_id")
    personal = {name: values.pop(name) for name in PERSONAL if name in values}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}, personal


def unpack(kind: str, source_id: str, value: Mapping[str, Any], personal: Mapping[str, str]) -> Any:
    """The fact that `pack` took apart."""
    written = {**value, **personal, "source_id": source_id}
    return FACTS[kind](**{one.name: _typed(one.type, written[one.name]) for one in fields(FACTS[kind])})


def _typed(kind: Any, value: Any) -> Any:
    if kind is date:
        return date.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value

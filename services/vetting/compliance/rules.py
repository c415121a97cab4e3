"""How a case goes (V11), and which sanctions there are."""

from collections.abc import Collection

from shared.policy import Policy
from shared.policy.codes import PERSON, PROVIDER
from shared.refusals import Invalid, Refused
from shared.states import Machine

COMPLIANCE_CASE = Machine(
    "违规处置 compliance case",
    "OPENED",
    {
        ("OPENED", "investigate"): "INVESTIGATING",
        ("INVESTIGATING", "confirm"): "CONFIRMED",
        ("INVESTIGATING", "dismiss"): "UNFOUNDED",
        ("CONFIRMED", "sanction"): "SANCTIONED",
        ("SANCTIONED", "close"): "CLOSED",
    },
)
OVER = ("UNFOUNDED", "CLOSED")

SEVERITIES = ("MINOR", "SERIOUS")
REVOKED = "QUALIFICATION_REVOKED"


def need_open(state: str) -> None:
    """Evidence comes to a case while it is not over."""
    if state in OVER:
        raise Refused("illegal_transition", machine=COMPLIANCE_CASE.name, state=state, action="add_evidence")


def need_category(target_kind: str, category: str | None) -> None:
    """What a person did is named by its category, nothing else is."""
    if (target_kind == PERSON) != (category is not None):
        raise Invalid({"category": "for_people_only" if category else "required_for_people"})


def need_sanctions(sanctions: Collection[str], target_kind: str, policy: Policy) -> None:
    """Sanctions of the profile's list; a qualification is a provider's."""
    unknown = [sanction for sanction in sanctions if sanction not in policy.value("sanctions")]
    if REVOKED in sanctions and target_kind != PROVIDER:
        unknown.append(REVOKED)
    if unknown:
        clauses = policy.clauses("sanctions")
        raise Refused("sanction_not_allowed", clauses=clauses, sanctions=", ".join(unknown), target=target_kind)

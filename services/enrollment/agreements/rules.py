"""How an agreement goes (E9), and whether one stands (G-AGREE)."""

from collections.abc import Mapping

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

AGREEMENT = Machine(
    "课后服务协议 agreement",
    "DRAFT",
    {
        ("DRAFT", "offer"): "OFFERED",
        ("OFFERED", "sign"): "SIGNED",
        ("SIGNED", "countersign"): "IN_FORCE",
        ("OFFERED", "acknowledge"): "IN_FORCE",
        ("IN_FORCE", "end"): "ENDED",
    },
)


def need_way(action: str, policy: Policy) -> None:
    """A guardian signs where both sides sign; elsewhere they acknowledge whose duties are which (明确双方职责)."""
    wanted = "sign" if policy.value("agreement") == "signed" else "acknowledge"
    if action != wanted:
        raise Refused("agreement_other_way", gate="G-AGREE", clauses=policy.clauses("agreement"), wanted=wanted)


def need_sections(sections: Mapping[str, str], policy: Policy) -> None:
    """The agreement says what school, guardian, instructor and pupil each answer for."""
    missing = [name for name in policy.value("agreement_sections") if not sections.get(name, "").strip()]
    if missing:
        clauses = (*policy.clauses("agreement"), *policy.clauses("agreement_sections"))
        raise Refused("agreement_incomplete", gate="G-AGREE", clauses=clauses, missing=", ".join(missing))

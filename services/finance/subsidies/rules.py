"""How much subsidy a headcount gives (F9, G-SUBCAP)."""

from datetime import date

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

SUBSIDY_CLAIM = Machine(
    "补贴核定 subsidy claim",
    "COUNTED",
    {
        ("COUNTED", "calculate"): "CALCULATED",
        ("CALCULATED", "calculate"): "CALCULATED",
        ("CALCULATED", "approve"): "APPROVED",
        ("APPROVED", "receive"): "RECEIVED",
        ("RECEIVED", "reconcile"): "SETTLED",
    },
)

WHOLE_BP = 10_000


def cap_of(cap_fen: int, uplift_bp: int, pupil_count: int) -> int:
    """The most that a school may get for a year, rounded down per pupil (INV-FIN-11)."""
    return cap_fen * (WHOLE_BP + uplift_bp) // WHOLE_BP * pupil_count


def g_subcap(policy: Policy, claimed_fen: int, amount_fen: int, pupil_count: int, uplift_bp: int) -> None:
    """G-SUBCAP: a school year's claims stay under cap × actual participants; without a cap nothing binds."""
    cap = policy.value("subsidy.cap_per_pupil_year_fen")
    if cap is not None and claimed_fen + amount_fen > cap_of(cap, uplift_bp, pupil_count):
        clauses = (*policy.clauses("subsidy.cap_per_pupil_year_fen"), *policy.clauses("subsidy.basis"))
        limit = cap_of(cap, uplift_bp, pupil_count) - claimed_fen
        raise Refused("above_subsidy_cap", gate="G-SUBCAP", clauses=clauses, limit=limit)


def need_uplift(policy: Policy, uplift_bp: int, remote_document_no: str | None) -> None:
    """More only for a remote school, on a document, and at most what the profile says."""
    clauses = policy.clauses("subsidy.remote_uplift_max_bp")
    if uplift_bp > policy.value("subsidy.remote_uplift_max_bp"):
        raise Refused("above_subsidy_cap", gate="G-SUBCAP", clauses=clauses, limit=0)
    if uplift_bp and policy.value("subsidy.remote_needs_document") and not remote_document_no:
        raise Refused(
            "remote_document_missing", gate="G-SUBCAP", clauses=policy.clauses("subsidy.remote_needs_document")
        )


def school_year(policy: Policy, day: date) -> date:
    """The first day of the subsidy year that a day lies in."""
    month, first = map(int, policy.value("subsidy.year_start").split("-"))
    start = date(day.year, month, first)
    return start if day >= start else date(day.year - 1, month, first)

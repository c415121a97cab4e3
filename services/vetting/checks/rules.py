"""How a check goes (V2), which ones a person still needs, and what a result may say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Invalid, Refused
from shared.states import Machine

CHECK = Machine(
    "准入查询 check",
    "NEEDED",
    {
        ("NEEDED", "request"): "REQUESTED",
        ("REQUESTED", "submit"): "SUBMITTED",
        ("SUBMITTED", "clear"): "CLEAR",
        ("SUBMITTED", "hit"): "HIT",
        ("SUBMITTED", "inconclusive"): "INCONCLUSIVE",
    }
    | {(state, "expire"): "EXPIRED" for state in ("CLEAR", "HIT", "INCONCLUSIVE")},
)

KINDS = (
    "IDENTITY",
    "SEX_OFFENCE_QUERY",
    "VIOLENCE_ABUSE_TRAFFICKING_QUERY",
    "TEACHER_QUALIFICATION",
    "TRAINING_BLACKLIST",
    "PLATFORM_QUERY",
    "NO_CRIME_CERT",
    "VOCATIONAL_CERT",
    "FIT_FOR_POST_CERT",
)

RESULTS = {"CLEAR": "clear", "HIT": "hit", "INCONCLUSIVE": "inconclusive"}
OPEN = ("REQUESTED", "SUBMITTED")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an authority answered. `detail` and `bars_until` (how long the law keeps the person away) only for a hit."""

    result: str
    as_of: date
    evidence_ref: str
    detail: str | None = None
    bars_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a person's check of a kind is; NEEDED without an id while there is none."""

    kind: str
    state: str = CHECK.initial
    check_id: UUID | None = None
    as_of: date | None = None
    expires_on: date | None = None


def needed(required: Sequence[str], known: Mapping[str, Standing]) -> list[Standing]:
    """Every check that a category needs, with its standing."""
    return [known.get(kind) or Standing(kind=kind) for kind in required]


def is_due(standing: Standing, until: date) -> bool:
    """Whether the check is to be made, or made anew, so that it holds on `until`."""
    if standing.state in OPEN:
        return False
    return standing.state != "CLEAR" or standing.expires_on is None or standing.expires_on < until


def need_answer(answer: Answer, today: date) -> None:
    """A result speaks of a day that has been; only a hit has a detail and bars."""
    if answer.as_of > today:
        raise Refused("date_in_future", as_of=answer.as_of.isoformat())
    if answer.result != "HIT" and (answer.detail or answer.bars_until):
        raise Invalid({"detail" if answer.detail else "bars_until": "for_a_hit_only"})
    if answer.bars_until is not None and answer.bars_until < today:
        raise Invalid({"bars_until": "in_the_past"})


def hit_record(kind: str, policy: Policy) -> str | None:
    """The bad record that a hit of this kind is by law; None: the law bars nobody for it."""
    record: str | None = policy.value("checks.hit_records").get(kind)
    return record

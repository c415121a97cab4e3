"""How a provider (V4), its selection (V5) and its contracts go; the gate G-PROVIDER is in shared.policy.gates."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

SELECTION_ROUND = Machine(
    "遴选 selection round",
    "CALLED",
    {
        ("CALLED", "close"): "CLOSED",
        ("CLOSED", "review"): "REVIEWED",
        ("REVIEWED", "publicize"): "PUBLICIZED",
        ("PUBLICIZED", "confirm"): "CONFIRMED",
    },
)

PROVIDER = Machine(
    "第三方机构 provider",
    "APPLIED",
    {
        ("APPLIED", "select"): "SELECTED",
        ("APPLIED", "reject"): "REJECTED",
        ("SELECTED", "reject"): "REJECTED",
        ("SELECTED", "whitelist"): "WHITELISTED",
    },
)

CONTRACT = Machine(
    "机构合作协议 provider contract",
    "DRAFT",
    {("DRAFT", "sign"): "SIGNED", ("SIGNED", "activate"): "ACTIVE"},
)

PARTIES = ("school", "provider")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A provider as the whitelist has it, None: not on it; `prices`: content type to fen a session."""

    kind: str
    until: date | None
    prices: Mapping[str, int]


def need_selector(roles: Collection[str], policy: Policy) -> None:
    """Only whom the profile names selects providers (INV-VET-07)."""
    if policy.value("provider.selection_by") not in roles:
        raise _refused("not_the_selector", policy, "provider.selection_by", role=policy.value("provider.selection_by"))


def need_dossier(dossier: Collection[str], policy: Policy) -> None:
    """Every paper of the profile's dossier is there."""
    if missing := [paper for paper in policy.value("provider.dossier") if paper not in dossier]:
        raise _refused("dossier_incomplete", policy, "provider.dossier", missing=", ".join(missing))


def need_no_subject(content_types: Collection[str], policy: Policy) -> None:
    """A provider offers nothing that third parties may not (G-CONTENT, PB02)."""
    forbidden = [one for one in content_types if one in policy.value("content.forbidden_to_third_party")]
    if forbidden:
        paths = ("provider.subject_teaching", "content.forbidden_to_third_party")
        raise _refused("content_forbidden_to_third_party", policy, *paths)


def need_decided(undecided: int, policy: Policy) -> None:
    """A round is reviewed when every applicant has an answer."""
    if undecided:
        raise _refused("applicants_undecided", policy, "provider.selection_by", undecided=undecided)


def need_publicity(publicized_on: date | None, today: date, policy: Policy) -> None:
    """The result stands in public for the profile's days before it holds (公示)."""
    days = policy.value("provider.publicity_days")
    if publicized_on is None or today < publicized_on + timedelta(days=days):
        raise _refused("publicity_running", policy, "provider.publicity_days", days=days)


def listed_until(wanted: date, today: date, policy: Policy) -> date:
    """How long a whitelisting holds: as the round says, at most as long as the profile says."""
    longest: date = today + timedelta(days=policy.value("provider.whitelist_max_days"))
    return min(wanted, longest)


def need_terms(content_type: str, price_fen: int, need_ref: str | None, listed: Listed, policy: Policy) -> None:
    """What a contract says: content and price of the whitelist, and why the school cannot do it itself."""
    if content_type not in listed.prices:
        raise _refused("content_not_whitelisted", policy, "provider.price_list", content_type=content_type)
    if price_fen > listed.prices[content_type]:
        limit = listed.prices[content_type]
        raise _refused("price_above_whitelist", policy, "provider.price_list", limit=limit)
    if policy.value("provider.need_statement") and not need_ref:
        raise _refused("need_not_stated", policy, "provider.need_statement")


def is_signed(signed_by: Collection[str]) -> bool:
    """Both parties have signed."""
    return set(signed_by) == set(PARTIES)


def _refused(code: str, policy: Policy, *paths: str, **facts: object) -> Refused:
    clauses = dict.fromkeys(clause for path in paths for clause in policy.clauses(path))
    return Refused(code, gate="G-PROVIDER", clauses=clauses, **facts)

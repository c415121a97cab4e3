"""How a provider (V4), its selection (V5) and its contracts go; the gate G-PROVIDER is in shared.policy.gates."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from shared.policy import Policy
from shared.refusals import Invalid, Refused
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
        ("WHITELISTED", "evaluate"): "WHITELISTED",
        ("ON_NOTICE", "evaluate"): "ON_NOTICE",
        ("WHITELISTED", "put_on_notice"): "ON_NOTICE",
        ("ON_NOTICE", "put_on_notice"): "ON_NOTICE",  # with another day
        ("ON_NOTICE", "rectify"): "WHITELISTED",
        ("WHITELISTED", "exit"): "EXITING",
        ("ON_NOTICE", "exit"): "EXITING",
        ("EXITING", "complete"): "EXITED",
    },
)
LISTED = ("WHITELISTED", "ON_NOTICE")
NAMES_STAFF = ("APPLIED", "SELECTED", *LISTED)

PROCUREMENTS = ("GOVERNMENT_PURCHASE", "OPEN_CALL", "OTHER")

CONTRACT = Machine(
    "机构合作协议 provider contract",
    "DRAFT",
    {("DRAFT", "sign"): "SIGNED", ("SIGNED", "activate"): "ACTIVE", ("ACTIVE", "terminate"): "ENDED"},
)

PARTIES = ("school", "provider")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A provider as the whitelist has it; `prices`: content type to fen a session."""

    kind: str
    state: str
    until: date | None
    prices: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Former:
    """What an earlier row of the same organization says; `exited_on` None: it has not left."""

    state: str
    exited_on: date | None
    is_revoked: bool


def until_for(what: str, listed: Listed, policy: Policy) -> date | None:
    """Until when the whitelist lets a provider have an "assignment" or a "contract"; None: it does not.

    What a provider on notice may still have is the profile's to say; one that leaves may have nothing new.
    """
    on_notice = listed.state == "ON_NOTICE" and what in policy.value("provider.on_notice_allows")
    return listed.until if listed.state == "WHITELISTED" or on_notice else None


def need_selector(roles: Collection[str], policy: Policy) -> None:
    """Only whom the profile names selects providers (INV-VET-07)."""
    if policy.value("provider.selection_by") not in roles:
        raise _refused("not_the_selector", policy, "provider.selection_by", role=policy.value("provider.selection_by"))


def need_not_own(represented_by: object, decider_person: object) -> None:
    """Whoever represents a provider decides nothing about it (INV-VET-15)."""
    if decider_person is not None and decider_person == represented_by:
        raise Refused("same_person", action="decide")


def need_not_gone(formers: Collection[Former], today: date, policy: Policy) -> None:
    """Who left is taken again after the days of cooling off, and never once its qualification was revoked."""
    if any(former.is_revoked for former in formers):
        raise _refused("qualification_revoked", policy, "sanctions")
    days = policy.value("provider.cooling_off_days")
    left = [former.exited_on for former in formers if former.exited_on is not None]
    leaving = any(former.state == "EXITING" for former in formers)
    if leaving or any(today < exited_on + timedelta(days=days) for exited_on in left):
        raise _refused("cooling_off", policy, "provider.cooling_off_days", days=days)


def need_no_exclusion(excluded_on: date | None, today: date, policy: Policy) -> None:
    """Whoever was excluded elsewhere within the profile's years is not selected."""
    years = policy.value("provider.exclusion_years")
    if excluded_on is not None and excluded_on > today:
        raise Invalid({"excluded_on": "in_the_future"})
    if excluded_on is not None and years_after(excluded_on, years) > today:
        raise _refused("excluded_elsewhere", policy, "provider.exclusion_years", years=years)


def need_no_bad_record(records: Collection[str], policy: Policy) -> None:
    """No organization with a bad record (PB07): abnormal operation, serious illegality, a ban of the district."""
    if found := [record for record in records if record in policy.value("conduct.provider_blocking_records")]:
        paths = ("staff.bad_record_block", "conduct.provider_blocking_records")
        raise _refused("provider_has_record", policy, *paths, records=", ".join(found))


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


def needs_notice(score: int, policy: Policy) -> bool:
    """Whether an evaluation puts a provider on notice."""
    return bool(score < policy.value("provider.pass_score"))


def rectify_by(today: date, policy: Policy) -> date:
    """The last day on which a provider on notice may put its work right."""
    return today + timedelta(days=policy.value("provider.rectify_days"))


def need_ahead(field: str, day: date, today: date) -> None:
    """A deadline or a last day lies in no past."""
    if day < today:
        raise Invalid({field: "in_the_past"})


def need_still_listed(valid_until: date | None, today: date, policy: Policy) -> date:
    """The last day of a whitelisting that is not over; raises Refused."""
    if valid_until is None or valid_until < today:
        raise _refused("provider_not_whitelisted", policy, "provider.selection_by", last_day=today.isoformat())
    return valid_until


def need_names_staff(state: str, today: date, policy: Policy) -> None:
    """Who was rejected, is leaving or has left sends nobody any more."""
    if state not in NAMES_STAFF:
        raise _refused("provider_not_whitelisted", policy, "provider.selection_by", last_day=today.isoformat())


def is_signed(signed_by: Collection[str]) -> bool:
    """Both parties have signed."""
    return set(signed_by) == set(PARTIES)


def years_after(day: date, years: int) -> date:
    """The same day some years later; of 29 February the day after, where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _refused(code: str, policy: Policy, *paths: str, **facts: object) -> Refused:
    clauses = dict.fromkeys(clause for path in paths for clause in policy.clauses(path))
    return Refused(code, gate="G-PROVIDER", clauses=clauses, **facts)

"""Publishing a version of a profile."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.enrollment.policies import queries, rules
from services.enrollment.tables import PolicyProfile
from shared.contracts.enrollment import PolicyProfilePublished
from shared.messaging.work import Work
from shared.policy import Policy, base_names, effective
from shared.policy.published import keep_policy
from shared.refusals import Invalid


def publish(work: Work, *, base: str, overlay: Mapping[str, Any], effective_from: date) -> PolicyProfile:
    """Lay a district's overlay over a base and put the next version in force; raises Invalid when they do not fit."""
    newest = queries.newest_version(work, base)
    policy = _effective(base, overlay, newest.profile_version + 1 if newest else 1)
    if newest is not None:
        newest.state = rules.POLICY_PROFILE.move(newest.state, "supersede")
    profile = work.add(
        PolicyProfile(
            district_id=work.caller.district_id,
            profile_id=policy.profile_id,
            profile_version=policy.version,
            state=rules.POLICY_PROFILE.move(rules.POLICY_PROFILE.initial, "publish"),
            sha256=policy.sha256,
            effective_from=effective_from,
            overlay=dict(overlay),
            document=dict(policy.document),
            published_by=work.caller.subject,
        )
    )
    said = PolicyProfilePublished(
        district_id=profile.district_id,
        profile_id=profile.profile_id,
        profile_version=profile.profile_version,
        sha256=profile.sha256,
        effective_from=effective_from,
        document=profile.document,
    )
    keep_policy(work, said)
    work.emit(said)
    return profile


def _effective(base: str, overlay: Mapping[str, Any], version: int) -> Policy:
    if base not in base_names():
        raise Invalid({"base": "unknown_base"})
    try:
        return effective(base, version=version, overlay=overlay)
    except ValueError as fault:
        raise Invalid({"overlay": str(fault)}) from None

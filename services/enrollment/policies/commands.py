"""Publishing a version of a profile; asking for, approving and ending exceptions to its bounds."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from services.enrollment.policies import queries, rules
from services.enrollment.tables import BoundException, PolicyProfile
from shared.contracts.enrollment import ExceptionApproved, ExceptionEnded, PolicyProfilePublished
from shared.messaging.work import Work
from shared.policy import Policy, base_names, effective
from shared.policy.published import keep_policy, policy_of_district
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


# Exceptions


def request_exception(
    work: Work, *, school_id: UUID, bound: str, reason: str, valid_from: date, valid_until: date
) -> BoundException:
    """Ask to pass a bound in principle; refused for a hard one."""
    work.caller.need_school(school_id)
    rules.need_soft(bound, policy_of_district(work))
    rules.need_span(valid_from, valid_until)
    return work.add(
        BoundException(
            district_id=work.caller.district_id,
            school_id=school_id,
            bound=bound,
            state=rules.EXCEPTION.initial,
            reason=reason,
            valid_from=valid_from,
            valid_until=valid_until,
            requested_by=work.caller.subject,
        )
    )


def approve_exception(work: Work, exception_id: UUID, *, document_no: str) -> BoundException:
    """The authority lets the school pass the bound; from here on every service knows."""
    exception = _decide(work, exception_id, "approve")
    exception.document_no = document_no
    work.emit(
        ExceptionApproved(
            district_id=exception.district_id,
            school_id=exception.school_id,
            exception_id=exception.id,
            bound=exception.bound,
            valid_from=exception.valid_from,
            valid_until=exception.valid_until,
        )
    )
    return exception


def reject_exception(work: Work, exception_id: UUID) -> BoundException:
    """The authority does not."""
    return _decide(work, exception_id, "reject")


def end_exception(work: Work, exception_id: UUID) -> BoundException:
    """Take an approved exception back, from now on."""
    exception = _decide(work, exception_id, "end")
    work.emit(
        ExceptionEnded(district_id=exception.district_id, school_id=exception.school_id, exception_id=exception.id)
    )
    return exception


def _decide(work: Work, exception_id: UUID, action: str) -> BoundException:
    exception = work.get(BoundException, exception_id, lock=True)
    policy = policy_of_district(work)
    rules.need_authority(work.caller.roles, work.caller.subject, exception.requested_by, policy)
    exception.state = rules.EXCEPTION.move(exception.state, action)
    exception.decided_by = work.caller.subject
    return exception

"""The table of permissions: who holds what, and which two never lie in one hand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.permissions import ROLES, permissions_of

EVERYTHING = permissions_of(ROLES)


def holders(permission: str) -> set[str]:
    return {role for role in ROLES if permission in permissions_of([role])}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("plan.submit", "plan.file"),
        ("plan.draft", "plan.adopt"),
        ("item.draft", "item.approve"),
        ("exception.request", "exception.approve"),
        ("application.submit", "application.school_review"),
        ("engagement.draft", "engagement.sign"),
        ("authorization.propose", "authorization.verify"),
        ("session.correct", "session.approve_correction"),
        ("activity_record.submit", "activity_record.accept"),
        ("emergency.draft", "emergency.approve"),
        ("fee_standard.submit", "fee_standard.approve"),
        ("publication.post", "publication.verify"),
        ("waiver.apply", "waiver.review"),
        ("refund.calculate", "refund.approve"),
        ("refund.approve", "refund.pay"),
        ("expenditure.propose", "expenditure.approve"),
        ("expenditure.approve", "expenditure.pay"),
        ("pay.draft_rates", "pay.approve_rates"),
        ("pay.calculate", "pay.approve"),
        ("pay.approve", "pay.pay"),
        ("settlement.calculate", "settlement.approve"),
        ("subsidy.calculate", "subsidy.approve"),
        ("statement.draft", "statement.approve"),
        ("ledger.close_period", "pay.pay"),
        ("provider.apply", "provider.select"),
        ("person.clear", "roster.confirm"),
        ("person.block", "review.decide"),
        ("conduct.report", "conduct.decide"),
        ("conduct.decide", "conduct.decide_appeal"),
        ("compliance.open", "compliance.decide"),
        ("complaint.file", "complaint.answer"),
        ("complaint.route", "complaint.answer"),
        ("incident.investigate", "incident.close"),
    ],
)
def test_no_role_both_prepares_and_approves(one: str, other: str) -> None:
    assert holders(one)
    assert holders(other)
    assert not holders(one) & holders(other)


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        ("plan.file", {"district_admin"}),
        ("plan.draft", {"academic_affairs"}),
        ("provider.select", {"district_admin"}),
        ("provider.exit", {"district_admin"}),
        ("person.block", {"vetting_officer"}),
        ("check.read", {"vetting_officer"}),
        ("conduct.read", {"vetting_officer", "district_admin"}),
        ("conduct.decide", {"vetting_officer"}),
        ("consent.grant", {"guardian"}),
        ("agreement.sign", {"guardian"}),
        ("application.submit", {"guardian"}),
        ("payment.start", {"guardian"}),
        ("duty.assign", {"principal"}),
        ("gate.admit", {"gatekeeper", "gate_device"}),
        ("incident.close", {"principal"}),
        ("violation.read_account", {"inspector", "district_admin"}),
        ("publication.verify", {"inspector", "leadership_member"}),
        ("watermark.read", {"service", "operator"}),
        ("directory.read", {"district_admin", "principal", "academic_affairs", "service"}),
        ("access_log.read", {"auditor"}),
        ("clock.set", {"operator"}),
    ],
)
def test_what_matters_most_lies_in_the_right_hands_only(permission: str, roles: set[str]) -> None:
    assert holders(permission) == roles


def test_another_service_has_the_three_pulls_and_nothing_else() -> None:
    assert permissions_of(["service"]) == {"events.read", "watermark.read", "directory.read"}


def test_the_operator_sees_no_child_no_person_and_no_money() -> None:
    things = {permission.partition(".")[0] for permission in permissions_of(["operator"])}
    assert things == {"events", "watermark", "outbox", "inbox", "dead_letter", "clock", "job"}


@pytest.mark.parametrize("role", [role for role in ROLES if role.startswith("oversight_") or role == "auditor"])
def test_those_who_oversee_only_read(role: str) -> None:
    assert all(permission.endswith(".read") for permission in permissions_of([role]))


def test_a_senior_pupil_may_do_nothing() -> None:
    assert permissions_of(["peer_helper"]) == frozenset()


def test_outsiders_take_no_child_into_custody() -> None:
    outside = permissions_of(["volunteer", "peer_helper", "external_instructor", "provider_admin", "gate_device"])
    acts = {"custody.accept", "custody.transfer", "custody.release", "custody.emergency_release", "session.override"}
    assert acts <= EVERYTHING
    assert not outside & acts


def test_whoever_may_be_duty_leader_can_act_on_it_to_the_end() -> None:
    needed = {"session.override", "custody.accept", "custody.release", "late_pickup.escalate", "presence.check_in"}
    leaders = holders("custody.emergency_release")
    assert leaders >= {"principal", "leadership_member", "duty_staff", "class_teacher", "subject_teacher", "instructor"}
    assert all(needed <= permissions_of([role]) for role in leaders)


def test_everything_that_can_be_changed_can_be_read_by_somebody() -> None:
    things = {permission.partition(".")[0] for permission in EVERYTHING}
    assert {f"{thing}.read" for thing in things} <= EVERYTHING


def test_the_table_is_well_formed() -> None:
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", permission) for permission in EVERYTHING)
    assert all(role.meaning for role in ROLES.values())


def test_every_role_of_the_domain_stands_in_the_table() -> None:
    assert set(ROLES) == {
        *("district_admin", "oversight_price", "oversight_finance", "oversight_hr", "oversight_market", "inspector"),
        *("principal", "leadership_member", "academic_affairs", "class_teacher", "subject_teacher", "instructor"),
        *("duty_staff", "gatekeeper", "guardian", "parent_committee", "volunteer", "peer_helper"),
        *("external_instructor", "provider_admin", "accountant", "cashier", "auditor"),
        *("vetting_officer", "gate_device", "operator", "service"),
    }


@given(st.lists(st.sampled_from(sorted(ROLES)) | st.text(max_size=8)))
def test_roles_add_up_and_unknown_ones_add_nothing(roles: list[str]) -> None:
    known = [ROLES[role].permissions for role in roles if role in ROLES]
    assert permissions_of(roles) == frozenset().union(*known)
    assert permissions_of(["district_admin2", "DISTRICT_ADMIN", ""]) == frozenset()

"""Who may do what: one table from role to permissions (`<thing>.<verb>`), for all four services.

A permission opens a door; it does not say whose rows lie behind it. That is settled further in: the walls show a
caller only their districts and schools, queries and commands check guardian and class teacher against their
links, the duty leader against vetting's duty assignment, and that whoever approves is not whoever prepared. The
table keeps duties apart in the first place: no role both prepares and approves (domain.md §4.3), and reading is
never implied by acting.

Roles are those of domain.md §1.10 and four of our own. A teaching principal simply bears two roles.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """What the role is for, in a line, and what it may do."""

    meaning: str
    permissions: frozenset[str]


def _role(meaning: str, table: str) -> Role:
    """Read rows of `thing: verb verb; thing: verb`."""
    rows = (row.partition(":") for row in table.replace("\n", ";").split(";") if row.strip())
    return Role(meaning, frozenset(f"{thing.strip()}.{verb}" for thing, _, verbs in rows for verb in verbs.split()))


_ANY_DUTY_LEADER = """
    session: read override; presence: read check_in check_out sign_shift; roll_call: read; leave: read
    custody: read transfer accept release emergency_release report_missing; authorization: read suspend
    late_pickup: read log_contact escalate resolve; ad_hoc_care: read; venue: read open_hazard
    emergency: read; incident: read report respond; violation: report; roster: read; duty: read; name: read
    service_record: read; duty_sheet: read sign
"""
"""Whom vetting may name duty leader for a day; without these doors a child in care could be stuck there."""

_OWN_TEACHER = f"""
    {_ANY_DUTY_LEADER}
    calendar: read; directory: look_up; item: read; group: read; session: pre_check open begin_dismissal close
    roll_call: mark complete resolve; leave: acknowledge; activity_record: read submit; substitute: read accept
    review: file; written_notice: read; conduct: appeal
"""
"""The school's own, who may be responsible for a session and for every child in it."""

ROLES: Mapping[str, Role] = {
    "district_admin": _role(
        "区县教育主管部门: sets the policy, files plans, approves fees and providers, decides appeals; authors no plan",
        """
        policy: read publish; exception: read approve end; calendar: read publish; directory: read
        import: read upload apply; plan: read file return revoke; item: read; notice: read; survey: read
        complaint: read answer; fee_standard: read approve end; publication: read invalidate; statement: read
        waiver: read import; subsidy: read approve; pay: read approve_rates; ledger: read
         person: read export; review: read decide read_statement; written_notice: read; conduct: read decide_appeal
         provider: read export read_decisions call_round close_round confirm_round select reject
         provider: evaluate put_on_notice exit
         engagement: read second terminate; compliance: read read_account decide sanction close
         service_record: read export; duty_sheet: read read_signatures
         inspection: read; incident: read read_account; violation: read read_account
         statistics: read export; job: read cancel
        """,
    ),
    "oversight_price": _role(
        "发改(价格): reads what is charged and how it is published",
        "fee_standard: read; publication: read; statement: read; complaint: read; statistics: read",
    ),
    "oversight_finance": _role(
        "财政: reads where the money goes",
        "subsidy: read; ledger: read; expenditure: read; statement: read; settlement: read; statistics: read",
    ),
    "oversight_hr": _role(
        "人社: reads what staff are paid and on which contracts",
        "pay: read; engagement: read; statement: read; statistics: read",
    ),
    "oversight_market": _role(
        "市场监管: reads providers, charges and cases against them",
        "provider: read; fee_standard: read; publication: read; compliance: read; statistics: read",
    ),
    "inspector": _role(
        "责任督学: inspects, verifies what is posted, opens cases; decides none",
        """
        plan: read; item: read; notice: read; session: read; activity_record: read; supervision: read
        inspection: read plan conduct score; venue: read open_hazard; incident: read read_account; complaint: read
        violation: read report read_account
        publication: read verify invalidate; fee_standard: read; statement: read; roster: read; conduct: report
        compliance: read open investigate read_account; statistics: read; duty_sheet: read read_signatures
        """,
    ),
    "principal": _role(
        "校长: approves, signs and answers for the school; prepares no money",
        f"""
        {_ANY_DUTY_LEADER}
        policy: read; exception: read request; calendar: read; directory: read; import: read apply; survey: read
        plan: read adopt activate close; item: read approve; notice: read; window: read
        application: read school_review; agreement: read countersign terminate; participation: read; group: read
        consent: read; complaint: read answer; committee: read; statistics: read; job: read
        session: cancel approve_correction; custody: publish_rules; venue: close_hazard; gate: read
        activity_record: read seal; supervision: read record_daily_check record_meeting record_patrol
        inspection: read; emergency: approve; incident: read_account close agree_liability; violation: read
        fee_standard: read; publication: read invalidate; invoice: read; waiver: read review revoke; payment: read
        refund: read approve reject; ledger: read; expenditure: read approve refuse; subsidy: read
        pay: read approve hold release; settlement: read approve; statement: read approve
        person: read export; conduct: report; provider: read; engagement: read sign terminate declare_insufficiency
        duty: assign; substitute: read; gate_pass: read; compliance: read
        service_record: export; duty_sheet: publish read_signatures
        """,
    ),
    "leadership_member": _role(
        "领导小组成员: reviews applications, checks daily, verifies what others post, may be duty leader",
        f"""
        {_ANY_DUTY_LEADER}
        calendar: read; directory: look_up; survey: read; plan: read; item: read; notice: read; window: read
        application: read school_review verify_priority; participation: read; group: read; complaint: read answer
        venue: close_hazard; gate: read; activity_record: read accept waive; inspection: read
        supervision: read record_daily_check record_meeting record_patrol; substitute: read
        incident: read_account investigate; violation: read
        publication: read verify; fee_standard: read; statement: read; conduct: report
        """,
    ),
    "academic_affairs": _role(
        "教务处/教导处: authors the plan, forms groups, schedules, plans the roster; approves none of it",
        """
        policy: read; exception: read request; calendar: read publish; directory: read verify_guardian end_guardian
        import: read upload; survey: read open close; plan: read draft complete submit amend
        item: read draft list suspend resume delist; notice: read draft publish; window: read open close
        application: read enter place offer_reallocation verify_priority; agreement: read offer
        participation: read confirm change suspend withdraw; group: read form confirm adjust close; consent: read
        complaint: read route; committee: read record; statistics: read export; job: read cancel
        session: read schedule cancel correct; presence: read; roll_call: read; leave: read
        custody: read; authorization: read verify suspend revoke issue_card; late_pickup: read; name: read
        ad_hoc_care: read; venue: read define check open_hazard; gate: read; activity_record: read
        supervision: read record_meeting record_patrol; inspection: read
        emergency: read draft schedule_drill record_drill
        incident: read report read_account investigate propose_liability; violation: read report
        fee_standard: read; publication: read post; expenditure: read propose; statement: read
        person: read register record_consent; check: request; provider: read; engagement: read draft
        roster: read propose confirm remove export; duty: read; substitute: read open offer
        gate_pass: read issue revoke show; conduct: report
        service_record: read export; duty_sheet: read read_signatures
        """,
    ),
    "class_teacher": _role(
        "班主任: knows the class: reviews its applications, hands its pupils over, keeps its weekly record",
        f"""
        {_OWN_TEACHER}
        directory: verify_guardian; survey: read; notice: read; window: read; participation: read
        application: read register_oral prelim_review issue_form class_review advise; custody: hand_to_service
        authorization: verify issue_card; ad_hoc_care: accept start close
        """,
    ),
    "subject_teacher": _role(
        "任课教师: advises on applications and looks after sessions",
        f"{_OWN_TEACHER}; application: read advise",
    ),
    "instructor": _role(
        "指导教师: the school's own, responsible for a session and for every child in it",
        _OWN_TEACHER,
    ),
    "duty_staff": _role(
        "值班人员: checks venues, takes children over, follows late pickups; may be duty leader",
        f"""
        {_ANY_DUTY_LEADER}
        calendar: read; directory: look_up; session: pre_check; venue: check; gate: read; gate_pass: read
        supervision: read record_patrol; review: file; written_notice: read; conduct: appeal
        """,
    ),
    "gatekeeper": _role(
        "门卫: lets people in and out and writes it down",
        """
        gate: read admit refuse leave; gate_pass: read; authorization: read; custody: read; session: read; name: read
        duty: read; incident: read report; presence: read check_in check_out sign_shift; review: file
        written_notice: read; conduct: appeal; duty_sheet: read sign
        """,
    ),
    "guardian": _role(
        "家长: decides for their own child, pays, is told, complains; may leave at any time",
        """
        calendar: read; directory: look_up; survey: read answer; item: read; notice: read acknowledge; window: read
        application: read register_oral submit answer_offer appeal withdraw claim_priority
        agreement: read sign acknowledge; participation: read change withdraw cancel_withdrawal; group: read
        consent: read grant withdraw; complaint: read file; session: read; roll_call: read; leave: read request
        custody: read; authorization: read propose suspend revoke lose_card; late_pickup: read; name: read
        ad_hoc_care: read request; incident: read agree_liability; fee_standard: read; publication: read
        invoice: read; waiver: read apply; payment: read start; refund: read request; statement: read
        """,
    ),
    "parent_committee": _role(
        "家长委员会代表: takes part in every step and sees the accounts, no child but their own",
        """
        plan: read; item: read; notice: read; survey: read; committee: read record; complaint: read file
        fee_standard: read; publication: read; statement: read; provider: read
        """,
    ),
    "volunteer": _role(
        "义工/志愿者: helps beside a responsible teacher",
        """
        session: read; presence: check_in check_out; engagement: sign; roster: read; gate_pass: read show; review: file
        written_notice: read; conduct: appeal; service_record: read; duty_sheet: read sign
        """,
    ),
    "peer_helper": _role("学长: a senior pupil who helps, never supervises and has no account", ""),
    "external_instructor": _role(
        "校外专业人员: teaches; children stay in the custody of the school's own staff",
        """
        session: read; presence: check_in check_out; roll_call: read; name: read; activity_record: read submit
        group: read
        engagement: sign; roster: read; substitute: read accept; gate_pass: read show; incident: report
        review: file; written_notice: read; conduct: appeal; service_record: read; duty_sheet: read sign
        """,
    ),
    "provider_admin": _role(
        "第三方机构: applies, names its staff, agrees its settlement",
        """
        provider: read apply; person: register record_consent; engagement: read sign; roster: read; item: read
        settlement: read agree; review: file
        """,
    ),
    "accountant": _role(
        "会计: prepares every figure and keeps the books; approves none and touches no money",
        """
        calendar: read; item: read; participation: read; fee_standard: read draft submit; publication: read
        invoice: read issue void; waiver: read; payment: read reconcile; refund: read request calculate
        ledger: read close_period; expenditure: read propose; subsidy: read calculate receive
        pay: read draft_rates calculate; settlement: read calculate; statement: read draft publish
        engagement: read; job: read; statistics: read
        """,
    ),
    "cashier": _role(
        "出纳: pays out what was approved, and keeps no books",
        "payment: read; refund: read pay; expenditure: read pay; pay: read pay; settlement: read pay; ledger: read",
    ),
    "auditor": _role(
        "审计: reads all money and who has read personal data",
        """
        fee_standard: read; publication: read; invoice: read; waiver: read; payment: read; refund: read
        ledger: read; expenditure: read; subsidy: read; pay: read; settlement: read; statement: read
        access_log: read; statistics: read
        """,
    ),
    "vetting_officer": _role(
        "准入审核: clears, suspends and blocks people, sees what a check found; plans no roster",
        """
        person: read clear suspend block restore exit export; check: read request submit record read_detail
        conduct: read triage decide; review: read file read_statement; written_notice: read deliver
        provider: read; engagement: read; roster: read; duty: read
        gate_pass: read revoke; compliance: read; incident: read read_account; job: read; statistics: read
        """,
    ),
    "gate_device": _role(
        "A terminal at the gate: shows who is expected, records who passes",
        """
        gate: read admit refuse leave; gate_pass: read; authorization: read; custody: read
        session: read; presence: read; name: read
        """,
    ),
    "operator": _role(
        "Keeps the machinery running; sees messages and jobs, no child, no person, no money",
        """
        events: read; watermark: read; outbox: read resend; inbox: read retry; dead_letter: read replay discard
        clock: read set; job: read cancel
        """,
    ),
    "service": _role(
        "Another of the four services: the three pulls and nothing else",
        "events: read; watermark: read; directory: read",
    ),
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """All that the bearer of these roles may do; a role that nobody knows gives nothing."""
    return frozenset().union(*(ROLES[role].permissions for role in roles if role in ROLES))

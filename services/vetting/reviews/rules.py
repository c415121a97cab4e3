"""How a re-check goes, who may ask for it and until when, and the words of a written notice."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from shared.refusals import Invalid
from shared.states import Machine

REVIEW_REQUEST = Machine(
    "复查 review request",
    "FILED",
    {
        ("FILED", "examine"): "IN_REVIEW",
        ("IN_REVIEW", "uphold"): "UPHELD",
        ("IN_REVIEW", "overturn"): "OVERTURNED",
    },
)

Text = Mapping[str, str]
"""A sentence by language."""

NOTICES: Mapping[str, Text] = {
    "BLOCK": {
        "zh-CN": "经查，您{reason}，即日起不得参与课后服务。"
        "您有权在收到本告知之日起{days}日内书面申请复查；复查期间仍不得参与。",
        "en": "You may take no part in the after-school service from today: {reason}. "
        "Within {days} days of receiving this notice you may ask in writing for a re-check; "
        "until it is decided you stay away.",
    },
    "HIT": {
        "zh-CN": "经查，您{reason}，目前不能准入。您有权在收到本告知之日起{days}日内书面申请复查。",
        "en": "You cannot be cleared now: {reason}. Within {days} days of receiving this notice you may ask in writing "
        "for a re-check.",
    },
}

REASONS: Mapping[str, Text] = {
    "STATUTORY": {"zh-CN": "存在依法不得从事密切接触未成年人工作的情形", "en": "a bar by law to working with minors"},
    "ETHICS": {"zh-CN": "存在违反教师职业道德的认定", "en": "a finding under the rules of teachers' ethics"},
    "QUALIFICATION": {"zh-CN": "不具备岗位所需的资格条件", "en": "a qualification that the post needs is wanting"},
    "PROVIDER": {"zh-CN": "所属机构不得参与课后服务", "en": "your provider may not take part"},
}


def wording(code: str, reason_class: str, days: int) -> dict[str, str]:
    """A notice's text in each language; it names a class of reason and never what happened."""
    reasons = REASONS[reason_class]
    return {language: text.format(reason=reasons[language], days=days) for language, text in NOTICES[code].items()}


def review_until(delivered_on: date, review_days: int) -> date:
    """The last day to ask for a re-check: the days run from the day of delivery."""
    return delivered_on + timedelta(days=review_days)


def need_own_or_paper(caller_person: UUID | None, subject: UUID, paper_ref: str | None) -> None:
    """A person files for themselves; an officer only what the person put on paper."""
    if caller_person != subject and paper_ref is None:
        raise Invalid({"paper_ref": "required_when_filed_for_somebody"})

"""Reading cases, and counting them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select

from services.vetting.compliance.rules import OVER
from services.vetting.tables import ComplianceCase, Person, Provider
from shared.messaging.work import Work
from shared.policy.codes import PERSON, PROVIDER


def list_cases(work: Work) -> Select[Any]:
    """Cases that the caller may see: a school sees what happened there."""
    return _visible(work, select(ComplianceCase))


def find_case(work: Work, case_id: UUID) -> ComplianceCase:
    """A case that the caller may see; raises NotFound."""
    found: ComplianceCase = work.one(list_cases(work).where(ComplianceCase.id == case_id), thing="compliance_case")
    return found


def open_account(work: Work, case: ComplianceCase) -> str | None:
    """What is said to have happened, unsealed; the caller logs the access. None: the source tells it."""
    return None if case.account_sealed is None else work.keyring.open(case.id, "account", case.account_sealed)


def is_target(work: Work, target_kind: str, target_id: UUID) -> bool:
    """Whether a person or a provider is of the district; of schools vetting keeps no list."""
    kept: dict[str, Any] = {PERSON: Person, PROVIDER: Provider}
    if target_kind not in kept:
        return True
    return bool(work.session.scalar(select(exists().where(kept[target_kind].id == target_id))))


def is_blocked(work: Work, person_id: UUID) -> bool:
    """Whether a person is kept away from children now."""
    blocked = exists().where(Person.id == person_id, Person.state == "BLOCKED")
    return bool(work.session.scalar(select(blocked)))


def find_under_way(
    work: Work, source: str, prohibition_code: str, target_id: UUID, happened_on: date
) -> ComplianceCase | None:
    """The case that the same source opened about the same breach of the same day, while it is not over."""
    query = select(ComplianceCase).where(
        ComplianceCase.target_id == target_id,
        ComplianceCase.source == source,
        ComplianceCase.prohibition_code == prohibition_code,
        ComplianceCase.happened_on == happened_on,
        ComplianceCase.state.not_in(OVER),
    )
    return work.session.scalars(query.order_by(ComplianceCase.id).limit(1)).one_or_none()


def is_opened(work: Work, source_id: UUID) -> bool:
    """Whether a thing that another service told of has its case."""
    return bool(work.session.scalar(select(exists().where(ComplianceCase.source_id == source_id))))


def count_cases(work: Work, first: date | None, last: date | None) -> list[Any]:
    """Cases by prohibition, target, school, month of the event and state."""
    return _count(work, first, last, ComplianceCase.state)


def count_sanctions(work: Work, first: date | None, last: date | None) -> list[Any]:
    """Sanctions by prohibition, target, school and month of the event."""
    return _count(work, first, last, func.unnest(ComplianceCase.sanctions).label("sanction"))


def _count(work: Work, first: date | None, last: date | None, by: Any) -> list[Any]:
    month = func.to_char(ComplianceCase.happened_on, "YYYY-MM").label("month")
    case = (ComplianceCase.prohibition_code, ComplianceCase.target_kind, ComplianceCase.school_id)
    rows = _visible(work, select(*case, month, by))
    if first is not None:
        rows = rows.where(ComplianceCase.happened_on >= first)
    if last is not None:
        rows = rows.where(ComplianceCase.happened_on <= last)
    one = rows.subquery()
    counted = select(*one.c, func.count().label("count")).group_by(*one.c).order_by(*one.c)
    return list(work.session.execute(counted))


def _visible(work: Work, query: Select[Any]) -> Select[Any]:
    if work.caller.school_ids is None:
        return query
    return query.where(ComplianceCase.school_id.in_(work.caller.school_ids))

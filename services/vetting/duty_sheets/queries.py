"""Reading duty sheets, and who has not signed one."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, exists, select, union

from services.vetting.people import queries as people
from services.vetting.tables import DutySheet, DutySheetSignature, Engagement, Person, Post, ProviderContract
from shared.messaging.work import Work


def newest_id(work: Work, sheet: DutySheet) -> UUID:
    """The sheet in force where this one was published."""
    query = select(DutySheet.id).where(
        DutySheet.school_id == sheet.school_id, DutySheet.term_id == sheet.term_id, DutySheet.category == sheet.category
    )
    return work.session.scalars(query.order_by(DutySheet.id.desc()).limit(1)).one()


def is_concerned(work: Work, sheet: DutySheet, person_id: UUID) -> bool:
    """Whether a person serves in the sheet's category at its school today."""
    return work.session.scalar(_concerned(sheet, work.today).where(Person.id == person_id)) is not None


def find_signature(work: Work, sheet_id: UUID, person_id: UUID) -> DutySheetSignature | None:
    """A person's signature under a sheet."""
    query = select(DutySheetSignature).where(
        DutySheetSignature.sheet_id == sheet_id, DutySheetSignature.person_id == person_id
    )
    return work.session.scalars(query).one_or_none()


def list_signatures(work: Work) -> Select[DutySheetSignature]:
    """Signatures at the caller's schools; whoever only signs sees their own."""
    query = select(DutySheetSignature)
    if "duty_sheet.read_signatures" not in work.caller.permissions:
        query = query.where(DutySheetSignature.person_id == work.caller.person_id)
    return query


def read_unsigned(work: Work, sheet_id: UUID, *, after: int, limit: int) -> dict[str, Any]:
    """Whom a sheet concerns today and who has not signed it, by id; from the one after `after`."""
    sheet = work.get(DutySheet, sheet_id)
    signed = exists().where(DutySheetSignature.sheet_id == sheet.id, DutySheetSignature.person_id == Person.id)
    query = _concerned(sheet, work.today).where(~signed).order_by(Person.id).offset(after).limit(limit + 1)
    found = work.session.scalars(query).all()
    items = [{"person_id": person_id} for person_id in found[:limit]]
    return {"items": items, "next": after + limit if len(found) > limit else None}


def _concerned(sheet: DutySheet, on: date) -> Select[UUID]:
    return select(Person.id).where(
        Person.category == sheet.category, Person.state != "EXITED", Person.id.in_(_serving_at(sheet.school_id, on))
    )


def _serving_at(school_id: UUID, on: date) -> CompoundSelect[Any]:
    """Who is on the school's staff list, under a contract, or of a provider under one."""
    contracts = people.contract(Engagement.person_id, school_id, on, on)
    of_providers = (
        select(Person.id)
        .join(ProviderContract, ProviderContract.provider_id == Person.provider_id)
        .where(
            ProviderContract.school_id == school_id,
            ProviderContract.state == "ACTIVE",
            ProviderContract.starts_on <= on,
            ProviderContract.ends_on >= on,
        )
    )
    return union(
        select(Post.person_id).where(Post.school_id == school_id),
        contracts.with_only_columns(Engagement.person_id),
        of_providers,
    )

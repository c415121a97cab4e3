"""Reading what decides about pay."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.finance.pay.rules import Agreed, Service, Stand
from services.finance.tables import Contract, HeldSession, Item, PayLine, RateTable, ServiceRecord, Standing
from shared.messaging.work import Work


@dataclass(frozen=True)
class Facts:
    """Everything known that decides about some service records."""

    stands: dict[UUID, list[Stand]]
    contracts: dict[UUID, list[Contract]]
    session_minutes: dict[UUID, int]
    stages: dict[UUID, str]
    tables: Sequence[RateTable]
    lines: dict[UUID, list[PayLine]]

    def service(self, record: ServiceRecord) -> Service:
        """A record with what is known of its session and item."""
        return Service(
            on=record.on,
            started_at=record.started_at,
            minutes=record.minutes,
            nature=record.nature,
            epoch=record.clearance_epoch,
            session_minutes=self.session_minutes.get(record.session_id),
            stage=self.stages.get(record.item_id),
        )

    def agreed(self, record: ServiceRecord) -> Agreed | None:
        """The contract of the person at the school on the day, the one that began last."""
        covering = [
            contract
            for contract in self.contracts.get(record.person_id, ())
            if contract.school_id == record.school_id and contract.starts_on <= record.on <= contract.ends_on
        ]
        newest = max(covering, key=lambda contract: (contract.starts_on, contract.id), default=None)
        return None if newest is None else Agreed(rate_fen=newest.rate_fen)

    def rates(self, school_id: UUID, on: date) -> list[dict[str, Any]]:
        """The rows of the school's table in effect on a day."""
        in_effect = [table for table in self.tables if table.school_id == school_id and table.effective_from <= on]
        newest = max(in_effect, key=lambda table: (table.effective_from, table.id), default=None)
        return [] if newest is None else newest.rates


def find_facts(work: Work, records: Sequence[ServiceRecord]) -> Facts:
    """One query for each kind of fact, whatever the number of records."""
    work.session.flush()
    people = {record.person_id for record in records}
    schools = {record.school_id for record in records}
    stands: dict[UUID, list[Stand]] = defaultdict(list)
    for row in work.session.scalars(select(Standing).where(Standing.person_id.in_(people))):
        stand = Stand(epoch=row.epoch, status=row.status, category=row.category, effective_at=row.effective_at)
        stands[row.person_id].append(stand)
    contracts: dict[UUID, list[Contract]] = defaultdict(list)
    for contract in work.session.scalars(select(Contract).where(Contract.person_id.in_(people))):
        contracts[contract.person_id].append(contract)
    lines: dict[UUID, list[PayLine]] = defaultdict(list)
    of_records = select(PayLine).where(PayLine.record_id.in_([record.id for record in records]))
    for line in work.session.scalars(of_records.order_by(PayLine.id).with_for_update()):
        lines[line.record_id].append(line)
    approved = select(RateTable).where(RateTable.school_id.in_(schools), RateTable.state == "APPROVED")
    return Facts(
        stands=stands,
        contracts=contracts,
        session_minutes=_minutes_of(work, {record.session_id for record in records}),
        stages=_stages_of(work, {record.item_id for record in records}),
        tables=list(work.session.scalars(approved)),
        lines=lines,
    )


def _minutes_of(work: Work, session_ids: Collection[UUID]) -> dict[UUID, int]:
    rows = work.session.execute(
        select(HeldSession.id, HeldSession.minutes).where(
            HeldSession.id.in_(session_ids), HeldSession.state == "CLOSED"
        )
    )
    return dict(rows.all())


def _stages_of(work: Work, item_ids: Collection[UUID]) -> dict[UUID, str]:
    rows = work.session.execute(select(Item.id, Item.stage).where(Item.id.in_(item_ids)))
    return dict(rows.all())


def find_records(work: Work, *conditions: Any) -> list[ServiceRecord]:
    """Service records in a fixed order, in their newest state."""
    query = select(ServiceRecord).where(*conditions).order_by(ServiceRecord.id)
    return list(work.session.scalars(query.execution_options(populate_existing=True)))


def find_people(work: Work, *conditions: Any) -> list[UUID]:
    """Whose records these are."""
    return list(work.session.scalars(select(ServiceRecord.person_id).where(*conditions).distinct()))

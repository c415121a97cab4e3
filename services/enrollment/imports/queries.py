"""Reading what was imported before."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.enrollment.directory.queries import open_fact
from services.enrollment.directory.snapshot import Directory
from services.enrollment.imports.rules import FACTS, unpack
from services.enrollment.tables import Import, ImportChange, RegisterFact
from shared.jobs import CHUNK
from shared.messaging.work import Work


def read_directory(work: Work) -> Directory:
    """The district's directory as it stands, names opened in memory to be compared with a bundle."""
    facts: dict[str, dict[str, Any]] = {kind: {} for kind in FACTS}
    for fact in work.session.scalars(select(RegisterFact).where(RegisterFact.active)):
        facts[fact.kind][fact.source_id] = unpack(fact.kind, fact.source_id, fact.value, open_fact(work, fact))
    return Directory(**facts)


def all_ids(work: Work) -> dict[tuple[str, str], UUID]:
    """Our id of every thing that the register ever named, by kind and the register's id."""
    rows = work.session.execute(select(RegisterFact.kind, RegisterFact.source_id, RegisterFact.id))
    return {(kind, source_id): fact_id for kind, source_id, fact_id in rows}


def newest_import(work: Work) -> UUID | None:
    """The import that was applied last."""
    return work.session.scalar(
        select(Import.id).where(Import.state.in_(("APPLYING", "APPLIED"))).order_by(Import.id.desc()).limit(1)
    )


def next_changes(work: Work, import_id: UUID, done: int) -> list[ImportChange]:
    """The next chunk of an import's changes."""
    return list(
        work.session.scalars(
            select(ImportChange)
            .where(ImportChange.import_id == import_id, ImportChange.position >= done)
            .order_by(ImportChange.position)
            .limit(CHUNK)
        )
    )

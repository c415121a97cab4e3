"""Staging a bundle, and applying it in chunks, each its own transaction.

Every chunk is restartable, because it only makes the directory say what the change says.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from services.enrollment.directory import commands as directory
from services.enrollment.directory.bundle import read_bundle
from services.enrollment.directory.changes import Changes, exceeds, plan_changes
from services.enrollment.directory.mapping import to_directory
from services.enrollment.directory.problems import BrokenBundle
from services.enrollment.directory.queries import PERSON
from services.enrollment.directory.row_checks import Checked, check_rows
from services.enrollment.directory.snapshot import Directory, known_ids
from services.enrollment.imports import queries, rules
from services.enrollment.placement import commands as placement
from services.enrollment.placement.queries import live_of_pupils
from services.enrollment.tables import Import, ImportChange
from shared import jobs
from shared.ids import new_id
from shared.messaging.work import Work
from shared.refusals import Invalid

JOB = "imports.apply"


def stage(work: Work, data: bytes) -> Import:
    """Read and check a bundle and keep what it would change; raises Invalid, with every fault, when it is broken."""
    rules.need_whole_district(work.caller.school_ids)
    try:
        bundle = read_bundle(data)
    except BrokenBundle as broken:
        raise Invalid({f"{one.file}:{one.line}:{one.field}": one.code for one in broken.problems}) from None
    current = queries.read_directory(work)
    checked = check_rows(bundle, known_ids(current))
    incoming = to_directory(checked, current)
    changes = plan_changes(current, incoming)
    staged = work.add(
        Import(
            district_id=work.caller.district_id,
            state=rules.IMPORT.initial,
            counts={kind: change.counts for kind, change in changes.items()},
            exceeded=exceeds(changes, current, rules.THRESHOLDS),
            problems=list(_problems(checked)),
            based_on=queries.newest_import(work),
            uploaded_by=work.caller.subject,
            total=0,
        )
    )
    rows = [
        ImportChange(import_id=staged.id, district_id=staged.district_id, position=position, **row)
        for position, row in enumerate(_changes(work, incoming, changes))
    ]
    staged.total = len(rows)
    work.session.add_all(rows)
    return staged


def apply(work: Work, import_id: UUID, *, confirmed: bool) -> Any:
    """Queue the job that applies a staged import; returns the job's row."""
    rules.need_whole_district(work.caller.school_ids)
    staged = work.get(Import, import_id, lock=True)
    rules.need_confirmation(staged.exceeded, confirmed)
    rules.need_newest(staged.based_on, queries.newest_import(work))
    staged.state = rules.IMPORT.move(staged.state, "apply")
    return jobs.start(work, JOB, {"import_id": str(import_id)}, staged.total)


def apply_chunk(work: Work, given: Mapping[str, Any], done: int) -> jobs.Step:
    """The next changes of an import (job); what cannot be applied is reported by its id, and the rest goes on."""
    staged = work.get(Import, UUID(given["import_id"]), lock=True)
    rows = queries.next_changes(work, staged.id, done)
    errors = []
    for kind, some in groupby(rows, attrgetter("kind")):
        errors += APPLIERS.get(kind, directory.keep_facts)(work, list(some))
    if done + len(rows) < staged.total:
        return jobs.Step(len(rows), errors)
    staged.state = rules.IMPORT.move(staged.state, "finish")
    work.session.flush()
    work.session.execute(delete(ImportChange).where(ImportChange.import_id == staged.id))
    return jobs.Step(len(rows), errors, {"import_id": str(staged.id), "counts": staged.counts})


def _keep_pupils(work: Work, changes: Sequence[ImportChange]) -> list[dict[str, Any]]:
    """Whoever leaves a school takes part in nothing there any more; then the pupils as they are now."""
    placement.end_today(work, live_of_pupils(work, directory.let_go(work, changes)))
    return directory.keep_pupils(work, changes)


APPLIERS = {
    "schools": directory.keep_schools,
    "classes": directory.keep_classes,
    "pupils": _keep_pupils,
    "guardians": directory.keep_guardians,
    "staff": directory.keep_staff,
}
"""By kind of change; the other kinds are facts and nothing more."""


def _changes(work: Work, incoming: Directory, changes: Changes) -> Iterator[dict[str, Any]]:
    """One row a change, facts before the views that refer to them."""
    known = queries.all_ids(work)
    for kind, change in changes.items():
        facts = getattr(incoming, kind)
        register = kind if kind in rules.FACTS else "people"
        for source_id in (*change.added, *change.changed, *change.deactivated):
            subject_id = known.setdefault((register, source_id), new_id())
            fact = facts.get(source_id)
            value, personal = rules.pack(fact) if fact is not None else ({}, {})
            seals = kind == "people" and fact is not None
            change_id = new_id()
            yield {
                "id": change_id,
                "kind": kind,
                "action": "end" if fact is None else "keep",
                "source_id": source_id,
                "subject_id": subject_id,
                "value": value,
                "person_sealed": work.keyring.seal(change_id, PERSON, json.dumps(personal)) if seals else None,
            }


def _problems(checked: Checked) -> Iterator[dict[str, Any]]:
    for row in checked.quarantined:
        for problem in row.problems:
            sentences = {"sentence": problem.sentence(), "sentence_en": problem.sentence("en")}
            yield asdict(problem) | {"source_id": row.source_id} | sentences

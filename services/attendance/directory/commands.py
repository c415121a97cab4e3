"""Keeping copies of what others said."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from services.attendance.tables import Group, HeardRow, PersonName, RollEntry
from shared.contracts.enrollment import GroupClosed, RollChanged
from shared.ids import new_id
from shared.messaging.work import Work


def keep_newest(work: Work, kind: type[HeardRow], row: dict[str, Any], *, key: Sequence[str] = ("id",)) -> None:
    """Write a copy of what was heard, unless something newer of the same subject stands there."""
    statement = insert(kind).values(row | {"subject_version": work.heard_version, "version": 1})
    kept = {name: statement.excluded[name] for name in (*row, "subject_version") if name != "id"}
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=key,
            set_=kept | {"version": kind.version + 1},
            where=statement.excluded.subject_version > kind.subject_version,
        )
    )


def keep_roll_change(work: Work, changed: RollChanged) -> None:
    """Add the lines of a roll change; the order of coming does not matter, the version decides."""
    lines = [(pupil_id, True) for pupil_id in changed.added] + [(pupil_id, False) for pupil_id in changed.removed]
    if not lines:
        return
    rows = [
        {
            "id": new_id(),
            "district_id": changed.district_id,
            "school_id": changed.school_id,
            "version": 1,
            "group_id": changed.group_id,
            "roll_version": changed.roll_version,
            "pupil_id": pupil_id,
            "effective_from": changed.effective_from,
            "added": added,
        }
        for pupil_id, added in lines
    ]
    work.session.execute(insert(RollEntry).on_conflict_do_nothing(), rows)


def keep_names(work: Work, people: Sequence[Mapping[str, Any]]) -> None:
    """What people of the register are called now. Whoever left keeps the name: history and open custody stay."""
    rows = [
        {
            "id": UUID(one["person_id"]),
            "district_id": work.caller.district_id,
            "version": 1,
            "name_sealed": work.keyring.seal(UUID(one["person_id"]), "name", one["name"]),
        }
        for one in people
    ]
    statement = insert(PersonName)
    kept = {"name_sealed": statement.excluded.name_sealed, "version": PersonName.version + 1}
    work.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=kept), rows)


def close_group(work: Work, closed: GroupClosed) -> None:
    """A group meets no more; it was confirmed before, in the same order of events."""
    work.session.execute(
        update(Group)
        .where(Group.id == closed.group_id)
        .values(state="CLOSED", subject_version=work.heard_version, version=Group.version + 1)
        .execution_options(synchronize_session=False)
    )

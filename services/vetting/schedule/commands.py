"""Keeping what the others said is to be held."""

from sqlalchemy.dialects.postgresql import insert

from services.vetting.tables import Item, PlannedSession, RollChange
from shared.contracts.attendance import SessionsScheduled
from shared.contracts.enrollment import ItemApproved, RollChanged
from shared.ids import new_id
from shared.messaging.work import Work


def plan_sessions(work: Work, scheduled: SessionsScheduled) -> None:
    """Take over the sessions of a group as attendance laid them out."""
    rows = [
        {
            "id": session.session_id,
            "district_id": scheduled.district_id,
            "version": 1,
            "school_id": scheduled.school_id,
            "group_id": scheduled.group_id,
            "item_id": scheduled.item_id,
            "term_id": scheduled.term_id,
            "content_type": scheduled.content_type,
            "starts_at": session.starts_at,
            "ends_at": session.ends_at,
            "state": "SCHEDULED",
        }
        for session in scheduled.sessions
    ]
    work.session.execute(insert(PlannedSession).on_conflict_do_nothing(), rows)


def keep_item(work: Work, approved: ItemApproved) -> None:
    """Know for which grades an item is."""
    owner = {"id": approved.item_id, "district_id": approved.district_id, "school_id": approved.school_id}
    row = owner | {"version": 1, "grades": list(approved.grades)}
    statement = insert(Item).values(row)
    work.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"grades": row["grades"]}))


def keep_roll_change(work: Work, changed: RollChanged) -> None:
    """Know how many pupils a group has from a day on; who they are is nothing to vetting."""
    row = {
        "id": new_id(),
        "district_id": changed.district_id,
        "version": 1,
        "school_id": changed.school_id,
        "group_id": changed.group_id,
        "roll_version": changed.roll_version,
        "effective_from": changed.effective_from,
        "difference": len(changed.added) - len(changed.removed),
    }
    work.session.execute(insert(RollChange).values(row).on_conflict_do_nothing())

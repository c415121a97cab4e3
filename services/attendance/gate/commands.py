"""Keeping passes, and writing down who came and went."""

from typing import Any
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert

from services.attendance.gate import queries, rules
from services.attendance.presence import queries as presence
from services.attendance.presence import rules as presence_rules
from services.attendance.tables import Clearance, GateEntry, GatePass
from shared.contracts.attendance import EntryRefused
from shared.contracts.vetting import GatePassesRevoked, GatePassIssued
from shared.ids import new_id
from shared.messaging.lease import is_fresh
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


def keep_pass(work: Work, issued: GatePassIssued) -> None:
    """A pass; one whose revocation came first stays revoked and learns its window."""
    window = {"valid_from": issued.valid_from, "valid_to": issued.valid_to}
    row = _pass(issued, issued.pass_id) | window | {"state": "ISSUED"}
    statement = insert(GatePass).values(row)
    work.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=window))


def revoke_passes(work: Work, revoked: GatePassesRevoked) -> None:
    """Passes hold no more, for good."""
    rows = [_pass(revoked, pass_id) | {"state": "REVOKED"} for pass_id in revoked.pass_ids]
    if rows:
        statement = insert(GatePass).on_conflict_do_update(index_elements=["id"], set_={"state": "REVOKED"})
        work.session.execute(statement, rows)


def _pass(said: GatePassIssued | GatePassesRevoked, pass_id: UUID) -> dict[str, Any]:
    owner = {"district_id": said.district_id, "school_id": said.school_id, "person_id": said.person_id}
    return owner | {"id": pass_id, "version": 1}


def admit(
    work: Work, *, school_id: UUID, person_id: UUID | None = None, accompanied_by: UUID | None = None
) -> GateEntry:
    """Let somebody in: the school's own, a visitor beside somebody on duty, or the holder of a pass (INV-ATT-20)."""
    work.caller.need_school(school_id)
    policy = policy_of_district(work)
    if person_id is not None and presence.is_kept_away(work, person_id):
        raise presence_rules.blocked(policy, "G-GATE")
    on_duty = queries.on_duty(work, school_id) if accompanied_by else ()
    rules.need_company(person_id, accompanied_by, on_duty, policy)
    is_own = person_id is not None and queries.category(work, person_id) in policy.value("staff.internal_categories")
    pass_id = None
    if person_id is not None and accompanied_by is None and not is_own:
        pass_id = _holds_pass(work, school_id, person_id)
        if pass_id is None:
            raise rules.refusal(rules.why_not(queries.passes(work, school_id, person_id), work.now), policy)
    return _write(work, school_id, "admit", person_id=person_id, pass_id=pass_id, accompanied_by=accompanied_by)


def _holds_pass(work: Work, school_id: UUID, person_id: UUID) -> UUID | None:
    """A pass that holds now for a cleared person, by a word of vetting that is fresh; its lock is shared."""
    return work.session.scalar(
        select(GatePass.id)
        .join(Clearance, Clearance.id == GatePass.person_id)
        .where(
            GatePass.person_id == person_id,
            GatePass.school_id == school_id,
            GatePass.state == "ISSUED",
            literal(work.now).between(GatePass.valid_from, GatePass.valid_to),
            Clearance.state == "CLEARED",
            Clearance.valid_until >= work.today,
            presence.is_known(Clearance.id),
            is_fresh(presence.VETTING),
        )
        .limit(1)
        .with_for_update(read=True, of=(Clearance, GatePass))
    )


def refuse(work: Work, *, school_id: UUID, reason: str, person_id: UUID | None = None) -> GateEntry:
    """Write down that somebody was sent away, and say it."""
    work.caller.need_school(school_id)
    entry = _write(work, school_id, "refuse", person_id=person_id, reason=reason)
    work.emit(
        EntryRefused(
            district_id=entry.district_id,
            school_id=school_id,
            entry_id=entry.id,
            person_id=person_id,
            at=work.now,
        )
    )
    return entry


def _write(work: Work, school_id: UUID, action: str, **facts: Any) -> GateEntry:
    return work.add(
        GateEntry(
            id=new_id(),
            district_id=work.caller.district_id,
            school_id=school_id,
            state=rules.GATE_ENTRY.move(rules.GATE_ENTRY.initial, action),
            arrived_at=work.now,
            written_by=work.caller.subject,
            **facts,
        )
    )


def leave(work: Work, entry_id: UUID) -> GateEntry:
    """Somebody goes out again."""
    entry = work.get(GateEntry, entry_id, lock=True)
    entry.state, entry.left_at = rules.GATE_ENTRY.move(entry.state, "leave"), work.now
    return entry

"""Reading passes."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import segno
from sqlalchemy import Select, select

from services.vetting.gate_passes import rules
from services.vetting.tables import Assignment, GatePass
from shared.messaging.work import Work
from shared.policy.published import policy_of_district

BEARERS = frozenset({"external_instructor", "volunteer"})
"""Roles that carry passes and give none."""
AUDIENCE = "gate"


def list_passes(work: Work) -> Select[GatePass]:
    """Passes at the schools that the caller may see; whoever only carries passes sees their own."""
    query = select(GatePass)
    if work.caller.school_ids is not None:
        query = query.where(GatePass.school_id.in_(work.caller.school_ids))
    if work.caller.roles <= BEARERS:
        query = query.where(GatePass.person_id == work.caller.person_id)
    return query


def standing(work: Work, person_ids: Collection[UUID], school_id: UUID | None = None) -> list[GatePass]:
    """Passes of people that could still be shown, locked in the order of their ids."""
    query = select(GatePass).where(
        GatePass.person_id.in_(person_ids), GatePass.state == rules.GATE_PASS.initial, GatePass.valid_to > work.now
    )
    if school_id is not None:
        query = query.where(GatePass.school_id == school_id)
    locked = query.order_by(GatePass.id).with_for_update().execution_options(populate_existing=True)
    return list(work.session.scalars(locked))


def hours(
    work: Work, person_ids: Collection[UUID], first: datetime, last: datetime, states: Collection[str]
) -> Mapping[tuple[UUID, UUID], list[rules.Window]]:
    """By person and school, the assignments that touch an interval; they cannot be taken off while we look."""
    found: dict[tuple[UUID, UUID], list[rules.Window]] = defaultdict(list)
    for row in work.session.execute(
        select(Assignment.person_id, Assignment.school_id, Assignment.starts_at, Assignment.ends_at)
        .where(
            Assignment.person_id.in_(person_ids),
            Assignment.state.in_(states),
            Assignment.ends_at > first,
            Assignment.starts_at < last,
        )
        .with_for_update(read=True)
    ):
        found[row.person_id, row.school_id].append((row.starts_at, row.ends_at))
    return found


def shown(work: Work, pass_id: UUID) -> dict[str, Any]:
    """A pass as a gate checks it without a network: signed, short-lived, of opaque ids and instants."""
    held = work.one(list_passes(work).where(GatePass.id == pass_id), thing="gate pass")
    rules.need_shown_now(held.state, (held.valid_from, held.valid_to), work.now, policy_of_district(work))
    claims = {"jti": str(held.id), "sub": str(held.person_id), "school": str(held.school_id), "aud": AUDIENCE}
    token, expires_at = work.signer.sign(claims, at_most=held.valid_to - work.now)
    return {"token": token, "expires_at": expires_at}


def qr_code(work: Work, pass_id: UUID) -> str:
    """The same as a picture (SVG)."""
    return str(segno.make_qr(shown(work, pass_id)["token"], error="m").svg_inline(scale=4))

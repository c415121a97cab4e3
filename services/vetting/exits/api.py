"""HTTP door of exits."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.vetting.decisions.api import DecisionEvidence
from services.vetting.exits import commands, queries, rules
from services.vetting.providers.api import ContractOut, ProviderOut
from services.vetting.tables import Provider, ProviderContract
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("exits", "退出 exits of providers")


class NewExit(DecisionEvidence):
    """Why, on which evidence, and the first day without the provider; an urgent reason takes effect at once."""

    reason_code = ma.fields.String(required=True)
    effective_on = ma.fields.Date(load_default=None, allow_none=True)
    is_revoked = ma.fields.Boolean(load_default=False)


class NewReport(DecisionEvidence):
    """Which licensing authority was told, by which document."""

    authority = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


class ExitOut(ma.Schema):
    """How far an exit is, and what it waits for."""

    id = ma.fields.UUID()
    state = ma.fields.String()
    exit_reason = ma.fields.String()
    effective_on = ma.fields.Date()
    exited_on = ma.fields.Date(allow_none=True)
    waits_for = ma.fields.List(ma.fields.String())


@door.post("/providers/<uuid:provider_id>/exit", needs="provider.exit", takes=NewExit, gives=ProviderOut)
def exit_provider(work: Work, provider_id: UUID, **wanted: Any) -> Provider:
    """Let a provider leave: its staff is off every roster from its last day on."""
    return commands.exit_provider(work, provider_id, **wanted)


@door.get("/providers/<uuid:provider_id>/exit", needs="provider.exit", gives=ExitOut)
def read_exit(work: Work, provider_id: UUID) -> dict[str, Any]:
    """What the exit of a provider waits for."""
    provider = queries.find_leaving(work, provider_id)
    return {
        "id": provider.id,
        "state": provider.state,
        "exit_reason": provider.exit_reason,
        "effective_on": provider.effective_on,
        "exited_on": provider.exited_on,
        "waits_for": () if provider.exited_on else rules.waits_for(queries.what_is_left(work, provider)),
    }


@door.post("/providers/<uuid:provider_id>/report-revocation", needs="provider.exit", takes=NewReport, gives=ProviderOut)
def report_revocation(work: Work, provider_id: UUID, **told: str) -> Provider:
    """Keep that the licensing authority was told of a revoked qualification."""
    return commands.report_revocation(work, provider_id, **told)


@door.list("/providers/unreported-revocations", needs="provider.exit", gives=ProviderOut, of=Provider)
def list_unreported_revocations(work: Work) -> Select[Any]:
    """Whose licensing authority has still to be told."""
    return queries.unreported_revocations()


@door.post("/provider-contracts/<uuid:contract_id>/terminate", needs="engagement.terminate", gives=ContractOut)
def terminate_provider_contract(work: Work, contract_id: UUID) -> ProviderContract:
    """End a contract now; the assignments that it carried go with it."""
    return commands.terminate_contract(work, contract_id)

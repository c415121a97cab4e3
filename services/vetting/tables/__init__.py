"""Everything vetting stores. Persons and assignments are walled by district: a block holds at every school."""

from services.vetting.tables.compliance import ComplianceCase
from services.vetting.tables.duty_sheets import DutySheet, DutySheetSignature
from services.vetting.tables.metadata import Tables
from services.vetting.tables.people import (
    Check,
    CheckAnswer,
    ConductRecord,
    Engagement,
    InsufficiencyDeclaration,
    Person,
    Post,
    Receipt,
)
from services.vetting.tables.providers import (
    Decision,
    Provider,
    ProviderContract,
    ProviderEvaluation,
    ProviderSettlement,
    RefundedItem,
    SelectionRound,
)
from services.vetting.tables.reviews import ReviewRequest, WrittenNotice
from services.vetting.tables.rosters import (
    HELD,
    Assignment,
    Duty,
    GatePass,
    Item,
    PlannedSession,
    RollChange,
    SubstituteOffer,
    SubstituteRequest,
)

"""Everything vetting stores. Persons and assignments are walled by district: a block holds at every school."""

from services.vetting.tables.metadata import Tables
from services.vetting.tables.people import Check, ConductRecord, Engagement, Person, Post, Receipt
from services.vetting.tables.providers import Provider, ProviderContract, SelectionRound
from services.vetting.tables.rosters import (
    Assignment,
    Duty,
    GatePass,
    PlannedSession,
    SubstituteOffer,
    SubstituteRequest,
)

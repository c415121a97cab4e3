"""What attendance does when vetting gives and takes gate passes."""

from services.attendance.gate import commands
from shared.contracts.vetting import GatePassesRevoked, GatePassIssued
from shared.service import on

REACTIONS = (on(GatePassIssued, commands.keep_pass), on(GatePassesRevoked, commands.revoke_passes))

"""Attendance's doors in and out. Read this first."""

from services.attendance.activity_records.api import door as activity_records
from services.attendance.ad_hoc_care.api import door as ad_hoc_care
from services.attendance.custody.api import door as custody
from services.attendance.directory.api import door as directory
from services.attendance.directory.handlers import NAMES
from services.attendance.directory.handlers import REACTIONS as DIRECTORY
from services.attendance.gate.api import door as gate
from services.attendance.gate.handlers import REACTIONS as GATE
from services.attendance.incidents import commands as incidents_commands
from services.attendance.incidents.api import door as incidents
from services.attendance.late_pickups import commands as late_pickups_commands
from services.attendance.late_pickups.api import door as late_pickups
from services.attendance.pickups.api import door as pickups
from services.attendance.pickups.handlers import REACTIONS as PICKUPS
from services.attendance.presence.api import door as presence
from services.attendance.roll_calls import commands as roll_calls_commands
from services.attendance.roll_calls.api import door as roll_calls
from services.attendance.safety_packs.api import door as safety_packs
from services.attendance.sessions.api import door as sessions
from services.attendance.sessions.handlers import REACTIONS as SESSIONS
from services.attendance.tables import Tables
from services.attendance.venues.api import door as venues
from services.attendance.violations.api import door as violations
from shared.policy import published
from shared.service import Service

SERVICE = Service(
    name="attendance",
    title="考勤与安全交接 Attendance",
    tables=Tables.metadata,
    doors=(
        sessions,
        presence,
        roll_calls,
        custody,
        pickups,
        late_pickups,
        ad_hoc_care,
        venues,
        gate,
        safety_packs,
        activity_records,
        incidents,
        violations,
        directory,
    ),
    reactions=(*published.REACTIONS, *DIRECTORY, *SESSIONS, *PICKUPS, *GATE),
    timers={
        roll_calls_commands.TIMER: roll_calls_commands.raise_alarm,
        late_pickups_commands.OPEN_TIMER: late_pickups_commands.open_case,
        late_pickups_commands.REMIND_TIMER: late_pickups_commands.remind,
        late_pickups_commands.ESCALATE_TIMER: late_pickups_commands.escalate,
        incidents_commands.GUARDIANS_TIMER: incidents_commands.tell_guardians,
        incidents_commands.AUTHORITY_TIMER: incidents_commands.remind_of_authority,
    },
    feeds=(NAMES,),
)

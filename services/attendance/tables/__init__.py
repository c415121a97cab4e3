"""Everything attendance stores: what others said and is kept here, and what attendance itself decides."""

from services.attendance.tables.custody import (
    AdHocCare,
    ContactAttempt,
    CustodyChain,
    Handover,
    LatePickupCase,
    PickupAuthorization,
)
from services.attendance.tables.heard import (
    Assignment,
    BoundException,
    ClassTeacher,
    Clearance,
    Duty,
    GatePass,
    Group,
    PersonName,
    Pupil,
    RollEntry,
    StaffPost,
)
from services.attendance.tables.incidents import Incident, IncidentPupil, Violation
from services.attendance.tables.metadata import HeardRow, Tables
from services.attendance.tables.safety import (
    ActivityRecord,
    GateEntry,
    Hazard,
    SafetyPack,
    TermArchive,
    Venue,
    VenueCheck,
)
from services.attendance.tables.sessions import LeaveRequest, Mark, Presence, ServiceSession

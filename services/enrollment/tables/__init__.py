"""Everything enrollment stores. What a family or a class may see of it is narrowed further in the queries."""

from services.enrollment.tables.complaints import Complaint, ComplaintStep
from services.enrollment.tables.families import (
    ActivityGroup,
    Agreement,
    Application,
    Participation,
    Place,
    ReviewStep,
    RollEntry,
)
from services.enrollment.tables.heard import (
    FeeState,
    ItemPublication,
    ProviderContract,
    ProviderStanding,
    StaffStanding,
    TermStanding,
    VenueStanding,
)
from services.enrollment.tables.metadata import Tables
from services.enrollment.tables.planning import (
    ApplicationWindow,
    BoundException,
    ParentNotice,
    PolicyProfile,
    SchoolCalendar,
    ServiceItem,
    ServicePlan,
    Survey,
    SurveyPaper,
)
from services.enrollment.tables.register import (
    GuardianLink,
    Import,
    ImportChange,
    Pupil,
    RegisterFact,
    School,
    SchoolClass,
    StaffPost,
)

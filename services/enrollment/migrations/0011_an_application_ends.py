"""An application ends with its participation."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OVER = "state NOT IN ('REJECTED', 'DECLINED_BY_FAMILY', 'WITHDRAWN_APPLICATION', 'ENDED')"


def upgrade() -> None:
    """An application ends with its participation."""
    op.execute(
        "UPDATE applications a SET state = 'ENDED', version = a.version + 1 FROM participations p"
        " WHERE p.id = a.id AND a.state = 'APPROVED' AND p.state IN ('WITHDRAWN', 'COMPLETED')"
    )
    op.drop_index("applications_once", table_name="applications")
    columns = ["window_id", "pupil_id", "kind"]
    op.create_index("applications_once", "applications", columns, unique=True, postgresql_where=sa.text(OVER))

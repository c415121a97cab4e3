"""exceptions and forms."""

import sqlalchemy as sa
from alembic import op

from shared.walls import raise_walls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """exceptions and forms."""
    op.create_table(
        "bound_exceptions",
        sa.Column("bound", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("document_no", sa.String(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("bound_exceptions_by_school", "bound_exceptions", ["school_id", "state", "id"], unique=False)
    op.add_column("applications", sa.Column("evidence_ref", sa.String(), nullable=True))
    op.drop_index("applications_once", table_name="applications")
    op.create_index(
        "applications_once",
        "applications",
        ["window_id", "pupil_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('REJECTED', 'DECLINED_BY_FAMILY', 'WITHDRAWN_APPLICATION')"),
    )
    raise_walls(op, school=("bound_exceptions",))

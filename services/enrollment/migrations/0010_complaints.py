"""complaints."""

import sqlalchemy as sa
from alembic import op

from shared.walls import raise_walls

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """complaints."""
    op.create_table(
        "complaints",
        sa.Column("complainant_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("prohibition_code", sa.String(), nullable=True),
        sa.Column("target_kind", sa.String(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("evidence_ref", sa.String(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("object_until", sa.Date(), nullable=True),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("complaints_by_complainant", "complaints", ["complainant_id"], unique=False)
    op.create_index("complaints_by_day", "complaints", ["district_id", "filed_on"], unique=False)
    op.create_index("complaints_by_school", "complaints", ["school_id", "state", "id"], unique=False)
    op.create_table(
        "complaint_steps",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("complaint_steps_by_complaint", "complaint_steps", ["complaint_id"], unique=False)
    raise_walls(op, school=("complaint_steps", "complaints"))

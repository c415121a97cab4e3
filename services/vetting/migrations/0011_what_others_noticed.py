"""What others noticed opens cases; duty leaders are relieved; rosters are proposed; grades and rolls are known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.walls import raise_walls

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What others noticed opens cases; duty leaders are relieved; rosters are proposed; grades and rolls are known."""
    op.alter_column("compliance_cases", "account_sealed", existing_type=sa.LargeBinary(), nullable=True)
    op.add_column("compliance_cases", sa.Column("source", sa.String(), nullable=True))
    op.add_column("compliance_cases", sa.Column("source_id", sa.Uuid(), nullable=True))
    op.create_index("compliance_cases_once", "compliance_cases", ["source_id"], unique=True)
    op.add_column("duties", sa.Column("state", sa.String(), server_default="NAMED", nullable=False))
    op.alter_column("duties", "state", server_default=None)
    op.add_column("duties", sa.Column("cause", sa.String(), nullable=True))
    op.create_index("duties_of_person", "duties", ["person_id", "ends_at"], postgresql_where=sa.text("state = 'NAMED'"))
    op.create_table(
        "items",
        sa.Column("grades", postgresql.ARRAY(sa.Integer()), nullable=False),
        *_owned_by_school(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "roll_changes",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("roll_version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("difference", sa.Integer(), nullable=False),
        *_owned_by_school(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "roll_version"),
    )
    op.create_index(
        "assignments_proposed_once",
        "assignments",
        ["session_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state = 'PROPOSED'"),
    )
    op.alter_column("substitute_requests", "removed_assignment_id", existing_type=sa.Uuid(), nullable=True)
    raise_walls(op, school=("items", "roll_changes"))


def _owned_by_school() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
    )

"""service and duties on record."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.walls import keep_forever, raise_walls

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """service and duties on record."""
    op.add_column("people", sa.Column("specialities", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.create_index("people_by_speciality", "people", ["specialities"], unique=False, postgresql_using="gin")
    op.create_index(
        "assignments_served",
        "assignments",
        ["person_id", "school_id"],
        unique=False,
        postgresql_where=sa.text("state = 'SERVED'"),
    )
    op.add_column("selection_rounds", sa.Column("procurement", sa.String(), nullable=True))
    op.add_column("selection_rounds", sa.Column("procurement_ref", sa.String(), nullable=True))
    op.add_column("providers", sa.Column("reported_to", sa.String(), nullable=True))
    op.create_table(
        "duty_sheets",
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("duties", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("duty_sheets_by_category", "duty_sheets", ["school_id", "term_id", "category", "id"], unique=False)
    op.create_table(
        "duty_sheet_signatures",
        sa.Column("sheet_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sheet_id", "person_id"),
    )
    op.create_index("duty_sheet_signatures_of_person", "duty_sheet_signatures", ["person_id", "id"], unique=False)
    keep_forever(op, "duty_sheets", "duty_sheet_signatures")
    raise_walls(op, school=("duty_sheets", "duty_sheet_signatures"))

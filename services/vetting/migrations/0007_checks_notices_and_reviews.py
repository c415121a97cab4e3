"""checks, notices and reviews."""

import sqlalchemy as sa
from alembic import op

from shared.walls import raise_walls

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """checks, notices and reviews."""
    op.create_table(
        "check_answers",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("evidence_ref", sa.String(), nullable=True),
        sa.Column("bars_until", sa.Date(), nullable=True),
        sa.Column("detail_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("batch_id", "position"),
    )
    op.create_table(
        "insufficiency_declarations",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("evidence_ref", sa.String(), nullable=False),
        sa.Column("declared_by", sa.String(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("insufficiency_by_school", "insufficiency_declarations", ["school_id", "ends_on"], unique=False)
    op.create_table(
        "review_requests",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("statement_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("filed_by", sa.String(), nullable=False),
        sa.Column("paper_ref", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence_ref", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("notice_id"),
    )
    op.create_index("review_requests_by_person", "review_requests", ["person_id"], unique=False)
    op.create_index("review_requests_by_state", "review_requests", ["district_id", "state", "id"], unique=False)
    op.create_table(
        "written_notices",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason_class", sa.String(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("review_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_by", sa.String(), nullable=True),
        sa.Column("evidence_ref", sa.String(), nullable=True),
        sa.Column("review_until", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("written_notices_by_person", "written_notices", ["person_id"], unique=False)
    op.create_index(
        "written_notices_by_state", "written_notices", ["district_id", "state", "due_on", "id"], unique=False
    )
    op.add_column("checks", sa.Column("detail_sealed", sa.LargeBinary(), nullable=True))
    op.create_index("checks_by_state", "checks", ["district_id", "state", "id"], unique=False)
    op.create_index(
        "checks_one_open",
        "checks",
        ["person_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('REQUESTED', 'SUBMITTED')"),
    )
    op.add_column("conduct_records", sa.Column("check_id", sa.Uuid(), nullable=True))
    op.alter_column("conduct_records", "account_sealed", existing_type=sa.LargeBinary(), nullable=True)
    # What was alleged is called found only once it is.
    op.execute(
        "UPDATE conduct_records SET kind = 'ETHICS_UNDER_INVESTIGATION' WHERE kind = 'ETHICS_SUBSTANTIATED'"
        " AND state IN ('REPORTED', 'UNDER_INVESTIGATION', 'UNSUBSTANTIATED')"
    )
    op.add_column("people", sa.Column("reason_class", sa.String(), nullable=True))
    op.create_index("people_by_end", "people", ["district_id", "state", "valid_until"], unique=False)
    raise_walls(
        op,
        district=("check_answers", "review_requests", "written_notices"),
        school=("insufficiency_declarations",),
    )

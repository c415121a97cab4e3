"""incidents, violations and relieved duties."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.walls import raise_walls

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """incidents, violations and relieved duties."""
    op.create_table(
        "incidents",
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("staff_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("account_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("guardians_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("guardians_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authority_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authority_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authority_ref", sa.String(), nullable=True),
        sa.Column("findings_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("investigated_by", sa.String(), nullable=True),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incidents_by_school", "incidents", ["school_id", "happened_at", "id"], unique=False)
    op.create_table(
        "incident_pupils",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("incident_id", "pupil_id"),
    )
    op.create_index("incidents_of_pupil", "incident_pupils", ["pupil_id", "incident_id"], unique=False)
    op.create_table(
        "violations",
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("prohibition_code", sa.String(), nullable=False),
        sa.Column("target_kind", sa.String(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("account_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_ref", sa.String(), nullable=False),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("violations_by_school", "violations", ["school_id", "on", "id"], unique=False)
    op.add_column("duties", sa.Column("is_relieved", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    raise_walls(op, school=("incidents", "incident_pupils", "violations"))
    # The account alone may be written anew: it comes under another key when keys are rotated.
    op.execute(
        "CREATE TRIGGER append_only_but_sealed BEFORE DELETE OR UPDATE OF id, district_id, school_id, version,"
        ' created_at, session_id, prohibition_code, target_kind, target_id, "on", evidence_ref, reported_by'
        " ON violations FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )

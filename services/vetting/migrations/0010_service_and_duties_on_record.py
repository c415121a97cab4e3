"""service and duties on record."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """service and duties on record."""
    op.add_column("people", sa.Column("specialities", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.create_index("people_by_speciality", "people", ["specialities"], unique=False, postgresql_using="gin")

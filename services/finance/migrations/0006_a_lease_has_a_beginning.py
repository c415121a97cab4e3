"""a lease has a beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """a lease has a beginning; those of before end, and are renewed within a second."""
    op.add_column("inbox_position", sa.Column("fresh_from", sa.DateTime(timezone=True), nullable=True))

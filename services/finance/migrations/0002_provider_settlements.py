"""provider settlements."""

import sqlalchemy as sa
from alembic import op

from shared.walls import raise_walls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """provider settlements."""
    op.create_table(
        "provider_contracts",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("represented_by", sa.Uuid(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("provider_contracts_by_provider", "provider_contracts", ["provider_id", "school_id"], unique=False)
    op.create_table(
        "provider_settlements",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("session_count", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("calculated_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("settlements_of_term", "provider_settlements", ["school_id", "term_id", "id"], unique=False)
    for column in (sa.Column("item_id", sa.Uuid()), sa.Column("term_id", sa.Uuid()), sa.Column("on", sa.Date())):
        op.add_column("held_sessions", column)
    # What was served in a session says which item and day it was of; one in which nobody served settles nothing.
    op.execute(
        'UPDATE held_sessions SET item_id = served.item_id, term_id = served.term_id, "on" = served."on"'
        " FROM service_records served WHERE served.session_id = held_sessions.id"
    )
    op.execute("DELETE FROM held_sessions WHERE item_id IS NULL")
    for name in ("item_id", "term_id", "on"):
        op.alter_column("held_sessions", name, nullable=False)
    op.add_column("held_sessions", sa.Column("settlement_id", sa.Uuid()))
    op.create_index("held_sessions_of_item", "held_sessions", ["item_id", "on"], unique=False)
    op.add_column("items", sa.Column("content_type", sa.String(), server_default="UNKNOWN", nullable=False))
    op.alter_column("items", "content_type", server_default=None)
    raise_walls(op, school=("provider_contracts", "provider_settlements"))

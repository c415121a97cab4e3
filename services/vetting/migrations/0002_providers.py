"""providers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.walls import raise_walls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """providers."""
    op.create_table(
        "provider_contracts",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("price_fen", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("need_ref", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("signed_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "provider_contracts_by_provider", "provider_contracts", ["provider_id", "school_id", "state"], unique=False
    )
    op.create_table(
        "providers",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("credit_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("dossier", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("offers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("represented_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("evidence_ref", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("round_id", "credit_code"),
    )
    op.create_index("providers_by_state", "providers", ["district_id", "state", "id"], unique=False)
    op.create_table(
        "selection_rounds",
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("publicized_on", sa.Date(), nullable=True),
        sa.Column("called_by", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("people", sa.Column("provider_id", sa.Uuid(), nullable=True))
    # A session heard of before now has no known content: no provider's contract covers it.
    op.add_column("planned_sessions", sa.Column("content_type", sa.String(), server_default="UNKNOWN", nullable=False))
    op.alter_column("planned_sessions", "content_type", server_default=None)
    raise_walls(op, district=("providers", "selection_rounds"), school=("provider_contracts",))

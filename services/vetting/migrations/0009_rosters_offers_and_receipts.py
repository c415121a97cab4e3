"""rosters, offers and receipts."""

import sqlalchemy as sa
from alembic import op

from shared.walls import raise_walls

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """rosters, offers and receipts."""
    op.create_table(
        "receipts",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("listener", sa.String(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "listener"),
    )
    op.create_index("receipts_newest", "receipts", ["listener", "applied_at"], unique=False)
    op.create_table(
        "substitute_offers",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("same_school", sa.Boolean(), nullable=False),
        sa.Column("same_category", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id", "person_id"),
    )
    op.create_index("substitute_offers_by_school", "substitute_offers", ["school_id", "starts_at", "id"], unique=False)
    op.create_index(
        "substitute_offers_of_person", "substitute_offers", ["person_id", "state", "starts_at", "id"], unique=False
    )
    raise_walls(op, district=("substitute_offers",))
    op.add_column("people", sa.Column("lost_by", sa.Uuid(), nullable=True))
    op.create_index("planned_sessions_by_term", "planned_sessions", ["term_id", "school_id"], unique=False)
    op.create_index("planned_sessions_by_time", "planned_sessions", ["school_id", "starts_at", "id"], unique=False)
    op.add_column("substitute_requests", sa.Column("last_resort", sa.String(), nullable=True))
    op.add_column("substitute_requests", sa.Column("merge_into", sa.Uuid(), nullable=True))
    # Who was asked so far goes on being asked; why they were chosen was not kept.
    op.execute(
        "INSERT INTO substitute_offers (id, district_id, version, school_id, request_id, person_id, state, same_school,"
        " same_category, starts_at) SELECT gen_random_uuid(), district_id, 1, school_id, id, offered_to,"
        " CASE state WHEN 'OFFERED' THEN 'OFFERED' WHEN 'FILLED' THEN 'ACCEPTED' ELSE 'CLOSED' END, false, false,"
        " starts_at FROM substitute_requests WHERE offered_to IS NOT NULL"
    )
    op.drop_column("substitute_requests", "offered_to")

"""the spine gets its walls."""

from alembic import op

from shared.walls import raise_walls

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """the spine gets its walls."""
    raise_walls(op, district=("access_log", "pins", "terms"))

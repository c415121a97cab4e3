"""${message}."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations.first import lay_spine
from shared.walls import raise_walls

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "pass"}
% if down_revision is None:
    lay_spine(op)
% endif
% if district or school:
    raise_walls(op, district=${tuple(district)}, school=${tuple(school)})
% endif

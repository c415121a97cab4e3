"""sealed columns are named by their field, and what a change holds is sealed for the change.

Bundles that only wait for somebody to apply them are uploaded again. In one that is being applied a person stands once,
so its changes take the ids that they were sealed for.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """sealed columns are named by their field, and what a change holds is sealed for the change."""
    op.execute("DELETE FROM import_changes WHERE import_id IN (SELECT id FROM imports WHERE state = 'STAGED')")
    op.execute("DELETE FROM imports WHERE state = 'STAGED'")
    op.execute("UPDATE import_changes SET id = subject_id WHERE sealed IS NOT NULL")
    for table in ("import_changes", "register_facts"):
        op.alter_column(table, "sealed", new_column_name="person_sealed")

"""Alembic's environment, shared by the four histories. A new table with a district gets its walls with it."""

from importlib import import_module

from alembic import context
from sqlalchemy import MetaData, inspect

from shared.tables import SPINE, Row, SchoolRow

attributes = context.config.attributes
connection = attributes["connection"]
tables: MetaData = import_module(f"services.{attributes['service']}.service").SERVICE.tables


def _rows(kind: type[Row]) -> set[str]:
    """Names of this service's tables whose rows are of `kind`, however deep."""
    deeper = (name for below in kind.__subclasses__() for name in _rows(below))
    own = {str(vars(kind)["__tablename__"])} if getattr(kind, "metadata", None) is tables else set()
    return own.union(deeper)


new = tables.tables.keys() - set(inspect(connection).get_table_names())
school = _rows(SchoolRow) & new

context.configure(
    connection=connection,
    target_metadata=[SPINE, tables],
    compare_server_default=False,
    template_args={"district": sorted((_rows(Row) & new) - school), "school": sorted(school)},
)
with context.begin_transaction():
    context.run_migrations()

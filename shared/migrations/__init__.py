"""Migrations: one alembic history per service, one environment for all four.

`migrate` runs as the owner of the service's database, and is the only thing that ever does.
"""

from importlib import import_module, resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine


def configuration(service: str, url: str) -> Config:
    """Alembic's configuration for one service's history."""
    home = resources.files(import_module(f"services.{service}")).joinpath("migrations")
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_locations", str(home))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["service"] = service
    config.attributes["url"] = url
    return config


def migrate(service: str, url: str, revision: str = "head") -> None:
    """Bring the service's database to `revision`."""
    engine = create_engine(url)
    with engine.begin() as connection:
        config = configuration(service, url)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def write_revision(service: str, url: str, message: str) -> None:
    """Write the next migration of a service from the difference between its tables and its database."""
    number = len(list(Path(f"services/{service}/migrations").glob("[0-9]*.py"))) + 1
    engine = create_engine(url)
    with engine.begin() as connection:
        config = configuration(service, url)
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
    engine.dispose()

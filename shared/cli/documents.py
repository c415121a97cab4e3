"""`kehou docs`: the generated documents, written anew or compared with what is there."""

import sys
from pathlib import Path

import click

from shared.docs import documents


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if a file differs from what would be written.")
def docs(check: bool) -> None:
    """Write or check the generated documents.

    Events, states, OpenAPI, AsyncAPI and the broker's definitions, in the checkout that is the working directory.
    """
    differing = {Path(name): text for name, text in documents().items() if _current(Path(name)) != text}
    for path, text in differing.items():
        if check:
            click.echo(f"{path} differs: run kehou docs")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"{path} written")
    sys.exit(1 if check and differing else 0)


def _current(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None

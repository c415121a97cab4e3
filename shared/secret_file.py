"""A secret that the first process of a machine makes, and the others find: the stand-ins of a development machine."""

import contextlib
import os
import tempfile
from pathlib import Path


def make_secret(path: Path, secret: bytes) -> None:
    """Keep `secret` in a new file for its owner only; where another process was first, its secret is everybody's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # mkstemp makes the file with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
        # A link appears whole or not at all.
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()

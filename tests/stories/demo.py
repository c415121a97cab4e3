"""`make demo PLAN=P5`: a district's term under a plan, over HTTP, with a report; exit 0 if no invariant is broken.

It starts the embedded suite (`kehou up`) in a process of its own, on fresh data under var/demo, and leaves the data
there for `make up`.
"""

import json
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from sqlalchemy import NullPool, create_engine, text

from shared.personal_data import Keyring
from shared.provision import embedded
from shared.web.issuer import DevelopmentIssuer
from tests.invariants import Broken, Read, at_rest, broken
from tests.stories import report
from tests.stories.plots import PLOTS
from tests.stories.service_week import ServiceWeek
from tests.stories.stage import Stage
from tests.stories.term import Term

HOME = Path("var/demo")
ISSUER = "https://issuer.kehou.example"
START_SECONDS = 120


@contextmanager
def running_suite() -> Iterator[int]:
    """`kehou up` on fresh data; gives its port."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    ready = HOME / "port"
    command = [str(Path(sys.executable).parent / "kehou"), "up", "--port", "0", "--ready-file", str(ready)]
    with (HOME / "log").open("w", encoding="utf-8") as log:
        suite = subprocess.Popen(
            command, env={"KEHOU_DATA_DIR": str(HOME), "KEHOU_ISSUER": ISSUER, **_path()}, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if suite.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the suite did not start; see {HOME / 'log'}")
            time.sleep(0.1)
        yield int(ready.read_text(encoding="ascii"))
    finally:
        suite.terminate()
        suite.wait(60)


def _path() -> dict[str, str]:
    """Where programs are found; nothing else of this process's environment reaches the suite."""
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(Path.home())}


def read(service: str, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
    """Rows of a service's database, past its walls."""
    _, admin = embedded(HOME / "postgres")
    engine = create_engine(admin.set(database=f"kehou_{service}"), poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql), parameters)]


def play(term: Term, console: Console, read: Read) -> list[Broken]:
    """The whole term, its report, and every invariant that it has broken."""
    stage = term.opening.stage
    term.play()
    stage.until(lambda: at_rest(read))
    console.print()
    report.show(console, term.week, term.closing.accounts, report.custody_of(stage))
    return broken(read, stage.district)


def verdict(console: Console, faults: Sequence[Broken], began: float) -> int:
    """Say what is broken, and how long all took; the exit code."""
    for fault in faults:
        console.print(f"[bold red]{fault.invariant} is broken[/bold red]: {fault.example}")
    summary = "no invariant is broken" if not faults else f"{len(faults)} invariants are broken"
    console.print(f"{summary}; {time.monotonic() - began:.0f} s.")
    return 1 if faults else 0


def remember(stage: Stage, week: ServiceWeek) -> None:
    """Who is who, for the tokens that `make up` prints."""
    school = week.first
    people = {
        "principal": school.principal,
        "class_teacher": school.teacher,
        "instructor": school.other,
        "guardian": school.guardian_of[school.pupils[0]],
    }
    known = {"district_id": str(stage.district), "schools": [one.id for one in week.schools], "people": people}
    (HOME / "demo.json").write_text(json.dumps(known, indent=1), encoding="utf-8")


def main() -> int:
    """Play, report, check."""
    # The embedded PostgreSQL's wheel asks for a directory that exists only in a login session, and takes another.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    plan = sys.argv[1] if len(sys.argv) > 1 else "P5"
    if plan not in PLOTS:
        raise SystemExit(f"PLAN is one of {', '.join(PLOTS)}")
    console, began = Console(), time.monotonic()
    with running_suite() as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        issuer = DevelopmentIssuer(HOME / "issuer.pem", environment="development", issuer=ISSUER)
        keyring = Keyring.parse((HOME / "keyring").read_text(encoding="ascii"))
        stage = Stage(http, issuer, keyring, tell=lambda line: console.print(line, highlight=False))
        term = Term(stage, PLOTS[plan])
        faults = play(term, console, read)
        remember(stage, term.week)
    console.print("`make up` serves this data.")
    return verdict(console, faults, began)


if __name__ == "__main__":
    sys.exit(main())

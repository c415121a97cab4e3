"""A refusal is an answer, not a crash: what a rule says when it says no.

`Refused` is raised by rules and becomes a problem document (RFC 9457) at the HTTP door, or a recorded outcome in an
event handler. Its `code` is a key of the one registry, the YAML files beside this module, which hold the titles and
details in zh-CN and en. `gate` is a G-code of domain.md §4.1; `clauses` are ids of the clause register.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

LANGUAGES = ("zh-CN", "en")


class Refused(Exception):
    """A rule said no. `facts` fill the placeholders of the registered sentences and hold no personal data.

    `errors` tells apart what stands in the way where many things were asked for at once: id or field to a code.
    """

    status = 409
    errors: Mapping[str, str] | None = None

    def __init__(self, code: str, *, gate: str | None = None, clauses: Iterable[str] = (), **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.gate = gate
        self.clauses = tuple(clauses)
        self.facts = facts

    def __str__(self) -> str:
        cited = f" ({self.gate}: {', '.join(self.clauses)})" if self.gate else ""
        return f"{self.code}{cited}"


class NotFound(Refused):
    """No such thing, or none that this caller may know of; the two are never told apart."""

    status = 404

    def __init__(self, thing: str) -> None:
        super().__init__("not_found", thing=thing)


class Forbidden(Refused):
    """The caller is known and may not do this."""

    status = 403

    def __init__(self, permission: str) -> None:
        super().__init__("forbidden", permission=permission)


class Invalid(Refused):
    """Fields that are well formed and still cannot be meant; `errors` maps a field to its code."""

    status = 422

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("invalid_fields")
        self.errors = dict(errors)


class LostRace(Refused):
    """Somebody changed the row since the caller read it (`If-Match`)."""

    status = 412

    def __init__(self) -> None:
        super().__init__("precondition_failed")


class Unavailable(Refused):
    """A dependency that the command needs is away; the same request may work after `retry_after` seconds."""

    status = 503

    def __init__(self, code: str, *, retry_after: int = 5, **facts: object) -> None:
        super().__init__(code)
        self.facts = facts
        self.retry_after = retry_after


@cache
def registry() -> Mapping[str, Mapping[str, Any]]:
    """Every code with its sentences, from all files beside this one; a code told twice is a fault."""
    codes: dict[str, Mapping[str, Any]] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda path: path.name):
        if not entry.name.endswith(".yaml"):
            continue
        for code, texts in yaml.safe_load(entry.read_text(encoding="utf-8")).items():
            if code in codes:
                raise ValueError(f"refusal code {code} is registered twice ({entry.name})")
            codes[code] = texts
    return codes


def sentence(code: str, part: str, language: str, facts: Mapping[str, object]) -> str:
    """The registered `title` or `detail` of a code, with the facts filled in; a missing fact shows as its name."""
    template: str = registry()[code][part][language]
    return template.format_map(_Facts(facts))


def of_row(number: int, refusal: Refused) -> dict[str, Any]:
    """Why row `number` of a list was not taken: code, gate, clauses, and the sentences in each language."""
    said = {
        part: {language: sentence(refusal.code, part, language, refusal.facts) for language in LANGUAGES}
        for part in ("title", "detail")
    }
    return {"row": number, "code": refusal.code, **said, "gate": refusal.gate, "clauses": list(refusal.clauses)}


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"

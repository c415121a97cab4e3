"""INV-X-09: whatever a gate refuses cites a clause; and every code that is raised has its sentences."""

import ast
from pathlib import Path
from string import Formatter

from shared.refusals import LANGUAGES, registry

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")])


def refusals(source: str) -> list[ast.Call]:
    """Every call of Refused."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Refused"]


def uncited(source: str) -> list[int]:
    """Lines of refusals that name a gate and no clause."""
    given = ((call.lineno, {keyword.arg for keyword in call.keywords}) for call in refusals(source))
    return [line for line, names in given if "gate" in names and "clauses" not in names]


def unregistered(source: str) -> list[str]:
    """Codes written in the source that have no sentences."""
    first = [call.args[0] for call in refusals(source) if call.args]
    codes = [code.value for code in first if isinstance(code, ast.Constant) and isinstance(code.value, str)]
    return [code for code in codes if code not in registry()]


def unfilled(source: str) -> list[tuple[str, str]]:
    """(code, fact) of refusals whose sentences speak of a fact that is not given."""
    found = []
    for call in refusals(source):
        code, given = call.args[0], {keyword.arg for keyword in call.keywords}
        if isinstance(code, ast.Constant) and None not in given:
            found += [(str(code.value), fact) for fact in sorted(_facts(str(code.value)) - given)]
    return found


def _facts(code: str) -> set[str]:
    texts = [registry()[code][part][language] for part in ("title", "detail") for language in LANGUAGES]
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def test_a_planted_refusal_without_a_clause_or_a_sentence_is_caught() -> None:
    planted = 'raise Refused("no_such_code", gate="G-PUB")'
    assert (uncited(planted), unregistered(planted)) == ([1], ["no_such_code"])
    assert unfilled('raise Refused("not_found")') == [("not_found", "thing")]


def test_every_refusal_of_a_gate_cites_a_clause_and_has_its_sentences() -> None:
    sources = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in FILES}
    assert {path: lines for path, source in sources.items() if (lines := uncited(source))} == {}
    assert {path: codes for path, source in sources.items() if (codes := unregistered(source))} == {}
    assert {path: facts for path, source in sources.items() if (facts := unfilled(source))} == {}

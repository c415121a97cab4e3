"""State machines as tables: `{(state, action): state}`. `docs/states.md` is drawn from the same tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.refusals import Refused


@dataclass(frozen=True)
class Machine:
    """The legal moves of one kind of thing; `name` is its glossary term, shown when a move is refused."""

    name: str
    initial: str
    moves: Mapping[tuple[str, str], str]

    def move(self, state: str, action: str) -> str:
        """The state after `action`; raises Refused("illegal_transition")."""
        try:
            return self.moves[state, action]
        except KeyError:
            raise Refused("illegal_transition", machine=self.name, state=state, action=action) from None

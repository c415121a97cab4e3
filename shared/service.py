"""What a service is: its doors in and out, declared in one value that each `service.py` builds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import MetaData

from shared.events import Event

if TYPE_CHECKING:
    from shared.jobs import JobKind
    from shared.messaging.feed import Feed
    from shared.messaging.receipts import Receipts
    from shared.messaging.work import Work
    from shared.web.door import Door

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True)
class Reaction:
    """An event of another service, and what this service does about it."""

    event_type: type[Event]
    handle: Callable[["Work", Any], None]
    """Takes the event, or where `together` a list of those that came in a row, which may be one."""
    together: bool = False


def on(event_type: type[EventT], handle: "Callable[[Work, EventT], None]") -> Reaction:
    """Pair an event with its handler; the type checker compares the two."""
    return Reaction(event_type, handle)


def on_many(event_type: type[EventT], handle: "Callable[[Work, Sequence[EventT]], None]") -> Reaction:
    """The same for what comes in great numbers: events in a row are handled in as many statements as one.

    The handler does not learn which of them is being heard: what it says is caused by the last, and it must tell which
    is newer by what they carry, never by `work.heard_version`.
    """
    return Reaction(event_type, handle, together=True)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One of the four. `timers` maps a timer's kind to the command that it fires with the timer's subject."""

    name: str
    title: str
    tables: MetaData
    doors: Sequence["Door"]
    reactions: Sequence[Reaction] = ()
    timers: "Mapping[str, Callable[[Work, UUID], None]]" = field(default_factory=dict)
    jobs: "Mapping[str, JobKind]" = field(default_factory=dict)
    feeds: "Sequence[Feed]" = ()
    receipts: "Receipts | None" = None
    signs: bool = False
    """It signs for machines that are offline, so its web role needs a signing key."""

    @property
    def listens_to(self) -> tuple[str, ...]:
        """The publishers that this service hears, in order."""
        return tuple(sorted({reaction.event_type.name.split(".")[0] for reaction in self.reactions}))

    def reactions_to(self, event_type: str) -> list[Reaction]:
        """Every reaction to one event type, in the declared order."""
        return [reaction for reaction in self.reactions if reaction.event_type.name == event_type]

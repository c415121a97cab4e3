"""Reading checks: what a person needs, whose are due, what a file of results said."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.vetting.checks import rules
from services.vetting.people.queries import list_people
from services.vetting.people.rules import required_checks
from services.vetting.tables import Check, CheckAnswer, Person
from shared.jobs import CHUNK
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import NotFound


def needed_checks(work: Work, person_id: UUID) -> list[rules.Standing]:
    """Every check that the person's category needs, with its standing."""
    person = work.one(list_people(work).where(Person.id == person_id), thing="person")
    required = required_checks(person.category, policy_of_district(work))
    return rules.needed(required, standings(work, [person_id])[person_id])


def standings(work: Work, person_ids: Collection[UUID]) -> Mapping[UUID, Mapping[str, rules.Standing]]:
    """By person and kind, the check that is open, or else the newest result."""
    newest = work.session.scalars(
        select(Check)
        .where(Check.person_id.in_(person_ids))
        .ext(distinct_on(Check.person_id, Check.kind))
        .order_by(Check.person_id, Check.kind, Check.as_of.desc().nulls_first(), Check.id.desc())
    )
    found: dict[UUID, dict[str, rules.Standing]] = defaultdict(dict)
    for check in newest:
        found[check.person_id][check.kind] = rules.Standing(
            kind=check.kind, state=check.state, check_id=check.id, as_of=check.as_of, expires_on=check.expires_on
        )
    return found


def people_due(work: Work, until: date, offset: int) -> list[Person]:
    """A chunk of the people whose checks are to be made: under review, expired, or cleared not beyond `until`."""
    ends_soon = and_(Person.state == "CLEARED", Person.valid_until <= until)
    is_due = or_(Person.state.in_(("UNDER_REVIEW", "EXPIRED")), ends_soon)
    query = select(Person).where(is_due, Person.consent_at.is_not(None)).order_by(Person.id)
    return list(work.session.scalars(query.offset(offset).limit(CHUNK).with_for_update()))


def requested_checks(work: Work) -> list[tuple[Check, Person]]:
    """What was asked for and has not gone to an authority, with whom it is about."""
    query = select(Check, Person).join(Person, Person.id == Check.person_id).where(Check.state == "REQUESTED")
    return [(check, person) for check, person in work.session.execute(query.order_by(Check.person_id, Check.kind))]


def is_open(work: Work, person_id: UUID, kind: str) -> bool:
    """Whether a check of the kind waits for its result."""
    query = select(Check.id).where(Check.person_id == person_id, Check.kind == kind, Check.state.in_(rules.OPEN))
    return work.session.scalar(query) is not None


def open_detail(work: Work, check: Check) -> str:
    """What a hit found, unsealed; the caller logs the access. NotFound when nothing is kept."""
    if check.detail_sealed is None:
        raise NotFound("detail")
    return work.keyring.open(check.id, "detail", check.detail_sealed)


# Files of results


def next_answers(work: Work, batch_id: UUID, done: int) -> list[CheckAnswer]:
    """The next chunk of a file."""
    query = select(CheckAnswer).where(CheckAnswer.batch_id == batch_id, CheckAnswer.position >= done)
    return list(work.session.scalars(query.order_by(CheckAnswer.position).limit(CHUNK)))


def people_of(work: Work, answers: Sequence[CheckAnswer]) -> dict[UUID | bytes, Person]:
    """Whom the lines speak of, by id and by blind index of the ID number, locked in the order of their ids."""
    ids = [answer.person_id for answer in answers if answer.person_id is not None]
    indexes = [answer.id_number_index for answer in answers if answer.id_number_index is not None]
    query = select(Person).where(or_(Person.id.in_(ids), Person.id_number_index.in_(indexes)))
    found: dict[UUID | bytes, Person] = {}
    for person in work.session.scalars(query.order_by(Person.id).with_for_update()):
        found[person.id] = person
        if person.id_number_index is not None:
            found[person.id_number_index] = person
    return found


def checks_of(work: Work, person_ids: Collection[UUID]) -> dict[tuple[UUID, str], list[Check]]:
    """Every check of these people, by person and kind."""
    found: dict[tuple[UUID, str], list[Check]] = defaultdict(list)
    for check in work.session.scalars(select(Check).where(Check.person_id.in_(person_ids))):
        found[check.person_id, check.kind].append(check)
    return found

"""Seeking, offering, accepting, escalating."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, column, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from services.vetting.duties import queries as duties
from services.vetting.people import queries as people
from services.vetting.people.rules import g_clear
from services.vetting.schedule import queries as schedule
from services.vetting.substitutes import queries, rules
from services.vetting.tables import Assignment, Person, PlannedSession, SubstituteOffer, SubstituteRequest
from shared.clock import local_date
from shared.contracts.vetting import (
    AssignedSession,
    SubstituteEscalated,
    SubstituteFilled,
    SubstituteOpened,
    SubstitutesRequested,
    SubstituteUnfilled,
)
from shared.ids import new_id
from shared.messaging.work import Work
from shared.notifications import notify, notify_all
from shared.policy import Policy
from shared.policy.published import policy_of_term
from shared.refusals import Refused
from shared.timers import cancel_timer, set_timer, set_timers

T = TypeVar("T")

TIMER = "substitute.deadline"
MOST_IN_EVENT = 500


Vacancies = Mapping[tuple[UUID, UUID], Sequence[AssignedSession]]
"""By school and person, the assignments that ended before their sessions."""


def request(work: Work, vacant: Vacancies) -> None:
    """Seek somebody for each vacancy; a timer looks at the first deadline, at once when it has passed.

    Two statements, however many there are.
    """
    sought = {one.assignment_id: new_id() for ended in vacant.values() for one in ended}
    if not sought:
        return
    work.session.execute(_REQUEST, {"ids": list(sought.values()), "assignments": list(sought)})
    set_timers(work, TIMER, [(request_id, work.now) for request_id in sought.values()])
    for (school_id, person_id), ended in vacant.items():
        for portion in in_events(ended):
            work.emit(
                SubstitutesRequested(
                    district_id=work.caller.district_id,
                    school_id=school_id,
                    person_id=person_id,
                    requests=tuple(portion),
                )
            )


def open_request(work: Work, *, session_id: UUID, role: str) -> SubstituteRequest:
    """Seek somebody for a session in a role that nobody holds yet, as if somebody had been taken off it."""
    session = work.get(PlannedSession, session_id)
    is_led = role == "LEAD" and bool(work.session.scalar(select(schedule.is_led(session_id))))
    rules.need_vacant(session.state, session.ends_at, work.now, session_id, is_led=is_led)
    found = work.add(
        SubstituteRequest(
            id=new_id(),
            district_id=session.district_id,
            school_id=session.school_id,
            session_id=session_id,
            role=role,
            state=rules.SUBSTITUTE.initial,
            level=0,
            starts_at=session.starts_at,
        )
    )
    set_timer(work, TIMER, found.id, work.now)
    work.emit(
        SubstituteOpened(
            district_id=session.district_id,
            school_id=session.school_id,
            request_id=found.id,
            session_id=session_id,
            role=role,
        )
    )
    return found


def in_events(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many as one collective event may name, again and again."""
    for start in range(0, len(rows), MOST_IN_EVENT):
        yield rows[start : start + MOST_IN_EVENT]


def _request() -> Any:
    """Requests for removed assignments, their facts taken over in the database."""
    sought = func.unnest(
        bindparam("ids", type_=ARRAY(Uuid())), bindparam("assignments", type_=ARRAY(Uuid()))
    ).table_valued(column("id", Uuid()), column("assignment_id", Uuid()))
    sought = sought.render_derived()
    taken_over = ("district_id", "school_id", "session_id", "role", "starts_at")
    statement = insert(SubstituteRequest).from_select(
        ["id", "removed_assignment_id", "version", "state", "level", *taken_over],
        select(
            sought.c.id,
            Assignment.id,
            literal(1),
            literal(rules.SUBSTITUTE.initial),
            literal(0),
            *(getattr(Assignment, name) for name in taken_over),
        ).join(sought, sought.c.assignment_id == Assignment.id),
        include_defaults=False,
    )
    return statement.execution_options(dml_strategy="raw")  # the parameters are arrays, not a row


_REQUEST = _request()


def offer(work: Work, request_id: UUID, *, person_id: UUID) -> SubstituteRequest:
    """Ask one person who could take it, again if they had declined; others who were asked may still accept."""
    found = work.get(SubstituteRequest, request_id, lock=True)
    work.caller.need_school(found.school_id)
    found.state = rules.SUBSTITUTE.move(found.state, "offer")
    session = work.get(PlannedSession, found.session_id)
    policy = policy_of_term(work, session.school_id, session.term_id)
    person = people.find_person(work, person_id)
    g_clear(person.state, person.valid_until, local_date(session.ends_at), policy)
    candidate = queries.find_candidate(work, found, session, policy, person_id)
    _ask(work, found, [rules.need_candidate(candidate, policy)])
    return found


def _ask(work: Work, found: SubstituteRequest, chosen: Sequence[rules.Candidate]) -> None:
    """Put the question to people; to whoever declined, once more."""
    rows = [
        {
            "id": new_id(),
            "district_id": found.district_id,
            "version": 1,
            "school_id": found.school_id,
            "request_id": found.id,
            "person_id": one.person_id,
            "state": rules.OFFER.initial,
            "same_school": one.same_school,
            "same_category": one.same_category,
            "starts_at": found.starts_at,
        }
        for one in chosen
    ]
    again = {"state": rules.OFFER.move("DECLINED", "repeat"), "version": SubstituteOffer.version + 1}
    asked = upsert(SubstituteOffer).on_conflict_do_update(index_elements=["request_id", "person_id"], set_=again)
    work.session.execute(asked, rows)
    people_asked = [one.person_id for one in chosen]
    notify_all(work, people_asked, "substitute_offered", starts_at=found.starts_at.isoformat())


def accept(work: Work, request_id: UUID) -> tuple[SubstituteRequest, UUID]:
    """Say yes to an offer made to the caller, and who that is; `rosters` then assigns under G-CLEAR."""
    found = work.get(SubstituteRequest, request_id, lock=True)
    state = rules.SUBSTITUTE.move(found.state, "accept")
    person_id = _answer(work, found, "accept")
    found.state, found.filled_by = state, person_id
    cancel_timer(work, TIMER, request_id)
    _end_offers(work, SubstituteOffer.request_id == request_id)
    _say_filled(work, person_id, found)
    return found, person_id


def decline(work: Work, request_id: UUID) -> SubstituteRequest:
    """Say no; others who were asked may still accept, and the search goes on."""
    found = work.get(SubstituteRequest, request_id, lock=True)
    state = rules.SUBSTITUTE.move(found.state, "decline")
    _answer(work, found, "decline")
    if not queries.has_open_offer(work, request_id):
        found.state = state
    return found


def _answer(work: Work, found: SubstituteRequest, action: str) -> UUID:
    """Move the offer that was made to the caller; returns who that is."""
    made = queries.find_offer(work, found.id, work.caller.person_id)
    if made is None:
        raise Refused("not_offered_to_you")
    made.state = rules.OFFER.move(made.state, action)
    work.session.flush()
    return made.person_id


def fill(work: Work, person: Person, session_ids: Sequence[UUID], role: str) -> None:
    """Somebody was assigned without being asked: at each session, one search for that role is over."""
    first = (
        select(SubstituteRequest.id)
        .where(
            SubstituteRequest.session_id.in_(session_ids),
            SubstituteRequest.role == role,
            SubstituteRequest.state.in_(rules.SEEKING),
        )
        .ext(distinct_on(SubstituteRequest.session_id))
        .order_by(SubstituteRequest.session_id, SubstituteRequest.id)
    )
    filled = work.session.scalars(
        update(SubstituteRequest)
        .where(SubstituteRequest.id.in_(first))
        .values(
            state=rules.SUBSTITUTE.move("OPEN", "assign"), filled_by=person.id, version=SubstituteRequest.version + 1
        )
        .returning(SubstituteRequest)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    _end_offers(work, SubstituteOffer.request_id.in_([found.id for found in filled]))
    for found in filled:
        _say_filled(work, person.id, found)


def _say_filled(work: Work, person_id: UUID, found: SubstituteRequest) -> None:
    work.emit(
        SubstituteFilled(
            district_id=found.district_id,
            school_id=found.school_id,
            request_id=found.id,
            session_id=found.session_id,
            person_id=person_id,
        )
    )


def escalate(work: Work, request_id: UUID) -> None:
    """A deadline passed (timer, S3): offer it to everybody who could, call academic affairs, and at last give up."""
    found = work.get(SubstituteRequest, request_id, lock=True)
    if found.state not in rules.SEEKING:
        return
    session = work.get(PlannedSession, found.session_id)
    policy = policy_of_term(work, found.school_id, session.term_id)
    ends = rules.deadlines(found.starts_at, policy)
    if found.level == 0 and ends[0] > work.now:
        set_timer(work, TIMER, request_id, ends[0])
        return
    found.level = rules.next_level(found.level, work.now, ends)
    if found.level == len(ends):
        _give_up(work, found, session, policy)
        return
    found.state = rules.SUBSTITUTE.move(found.state, "escalate")
    set_timer(work, TIMER, request_id, ends[found.level])
    if found.level == rules.ACADEMIC_AFFAIRS:
        _call_school(work, found, ends[found.level])
    if chosen := queries.unasked(work, found, session, policy):
        found.state = rules.SUBSTITUTE.move(found.state, "offer")
        _ask(work, found, chosen)


def _call_school(work: Work, found: SubstituteRequest, deadline: datetime) -> None:
    """Nobody has accepted: academic affairs have to find somebody, and whoever leads the duty then is told."""
    work.emit(
        SubstituteEscalated(
            district_id=found.district_id,
            school_id=found.school_id,
            request_id=found.id,
            session_id=found.session_id,
            deadline=deadline,
        )
    )
    leader = duties.leader_at(work, found.school_id, found.starts_at)
    if leader is not None:
        notify(work, leader, "substitute_wanted", session_id=str(found.session_id), deadline=deadline.isoformat())


def _give_up(work: Work, found: SubstituteRequest, session: PlannedSession, policy: Policy) -> None:
    """Nobody came: the children go to another staffed group or to base care, and nobody is sent away (S3)."""
    found.state = rules.SUBSTITUTE.move(found.state, "give_up")
    beside = queries.staffed_meanwhile(work, session)
    found.merge_into = rules.merge_into(beside, session.content_type, policy)
    found.last_resort = rules.last_resort(found.merge_into)
    _end_offers(work, SubstituteOffer.request_id == found.id)
    work.emit(
        SubstituteUnfilled(
            district_id=found.district_id,
            school_id=found.school_id,
            request_id=found.id,
            session_id=found.session_id,
            last_resort=found.last_resort,
            merge_into=found.merge_into,
        )
    )


def void(work: Work, session_id: UUID) -> None:
    """Nobody is sought for a session that is over or cancelled."""
    ended = work.session.scalars(
        update(SubstituteRequest)
        .where(SubstituteRequest.session_id == session_id, SubstituteRequest.state.in_(rules.SEEKING))
        .values(state=rules.SUBSTITUTE.move("OPEN", "void"), version=SubstituteRequest.version + 1)
        .returning(SubstituteRequest.id)
        .execution_options(synchronize_session=False)
    ).all()
    _end_offers(work, SubstituteOffer.request_id.in_(ended))


def _end_offers(work: Work, which: ColumnElement[bool]) -> None:
    work.session.execute(
        update(SubstituteOffer)
        .where(which, SubstituteOffer.state == rules.OFFER.initial)
        .values(state=rules.OFFER.move("OFFERED", "close"), version=SubstituteOffer.version + 1)
        .execution_options(synchronize_session=False)
    )

"""Requesting checks and keeping what the authorities answered, one by one or a file at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.vetting.checks import queries, rules
from services.vetting.checks.rules import Answer
from services.vetting.checks.sources import Line, Source
from services.vetting.clearances import commands as clearances
from services.vetting.clearances.rules import HIT
from services.vetting.conduct import commands as conduct
from services.vetting.people import queries as people
from services.vetting.people.rules import need_another, need_consent
from services.vetting.tables import Check, CheckAnswer, Person
from shared import jobs
from shared.clock import day_ends
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import policy_of_district
from shared.refusals import Refused
from shared.timers import set_timer, set_timers

EXPIRY = "check.expiry"
REQUEST_DUE, KEEP_RESULTS = "checks.request_due", "checks.keep_results"
RECORDED, REPEATED = "RECORDED", "REPEATED"
"""Outcomes of a line that was kept; any other is the code of its refusal."""


def request_check(work: Work, *, person_id: UUID, kind: str) -> Check:
    """Ask for a check; refused without the person's consent, and while one of its kind is under way."""
    person = people.find_person(work, person_id, lock=True)
    need_consent(person.consent_at is not None, policy_of_district(work))
    if queries.is_open(work, person_id, kind):
        raise Refused("check_open", kind=kind)
    return work.add(_requested(person, kind))


def submit_check(work: Work, check_id: UUID) -> Check:
    """The request went to the authority."""
    check = work.get(Check, check_id, lock=True)
    check.state = rules.CHECK.move(check.state, "submit")
    return check


def record_result(work: Work, check_id: UUID, answer: Answer) -> Check:
    """Keep the authority's answer; a hit blocks the person in this transaction (高检发〔2020〕14号: 立即停止工作)."""
    check = work.get(Check, check_id, lock=True)
    person = people.find_person(work, check.person_id, lock=True)
    _need_keepable(work, person, answer)
    _keep(work, person, check, answer, policy_of_district(work))
    set_timer(work, EXPIRY, check.id, _end(check))
    return check


def expire(work: Work, check_id: UUID) -> None:
    """A result is out of date (timer); whoever was cleared on it expires by their own timer."""
    check = work.get(Check, check_id, lock=True)
    if check.expires_on is not None and check.expires_on < work.today and (check.state, "expire") in rules.CHECK.moves:
        check.state = rules.CHECK.move(check.state, "expire")


def _requested(person: Person, kind: str) -> Check:
    state = rules.CHECK.move(rules.CHECK.initial, "request")
    return Check(id=new_id(), district_id=person.district_id, person_id=person.id, kind=kind, state=state)


def _need_keepable(work: Work, person: Person, answer: Answer) -> None:
    caller = work.caller
    need_another("record", caller.subject, caller.person_id, before=(), subject=person.id)
    rules.need_answer(answer, work.today)


def _keep(work: Work, person: Person, check: Check, answer: Answer, policy: Policy) -> None:
    check.state = rules.CHECK.move(check.state, rules.RESULTS[answer.result])
    check.as_of, check.evidence_ref, check.recorded_by = answer.as_of, answer.evidence_ref, work.caller.subject
    check.expires_on = answer.as_of + timedelta(days=policy.value("clearance.max_age_days"))
    if answer.result != "HIT":
        return
    if answer.detail is not None:
        check.detail_sealed = work.keyring.seal(check.id, "detail", answer.detail)
    if (record := rules.hit_record(check.kind, policy)) is not None:
        conduct.keep_hit(work, check, record, answer.bars_until)
        return
    clearances.owe_notice(work, person, HIT, "QUALIFICATION")
    if check.kind in policy.value("checks.required").get(person.category, ()):
        clearances.lose_ground(work, person)


def _end(check: Check) -> Any:
    return day_ends(check.expires_on) if check.expires_on else None


# Many at once


def request_due(work: Work) -> Any:
    """Queue the job that asks for every check that is due in the district; returns the job's row."""
    return jobs.start(work, REQUEST_DUE, _on_behalf(work), 0)


def request_due_chunk(work: Work, given: Mapping[str, Any], done: int) -> jobs.Step:
    """Ask for what the next people need so that they stay cleared (job, S14); what is under way is left alone."""
    _act_for(work, given)
    policy = policy_of_district(work)
    until = work.today + timedelta(days=max(policy.value("clearance.reminder_days")))
    found = queries.people_due(work, until, done)
    known = queries.standings(work, [person.id for person in found])
    required = policy.value("checks.required")
    for person in found:
        for one in rules.needed(required.get(person.category, ()), known.get(person.id, {})):
            if rules.is_due(one, until):
                work.add(_requested(person, one.kind))
    return jobs.Step(len(found), result=None if len(found) == jobs.CHUNK else {"until": until.isoformat()})


def stage_results(work: Work, source: Source) -> Any:
    """Keep the lines of a source and queue the job that applies them; raises Invalid, keeping nothing, when the source
    cannot be read. Returns the job's row.
    """
    batch_id = new_id()
    rows = [_staged(work, batch_id, position, line) for position, line in enumerate(source.lines())]
    work.session.add_all(rows)
    given = _on_behalf(work) | {"batch_id": str(batch_id), "total": len(rows)}
    return jobs.start(work, KEEP_RESULTS, given, len(rows))


def keep_results_chunk(work: Work, given: Mapping[str, Any], done: int) -> jobs.Step:
    """Keep the next lines of a file (job); what cannot be kept is reported by its line, and the rest goes on."""
    _act_for(work, given)
    rows = queries.next_answers(work, UUID(given["batch_id"]), done)
    known = _know(work, rows)
    for row in (row for row in rows if row.outcome is None):
        row.outcome = _keep_line(work, row, known)
        row.detail_sealed = None
    if known.kept:
        set_timers(work, EXPIRY, [(check.id, _end(check)) for check in known.kept])
    errors = [{"line": row.line, "code": row.outcome} for row in rows if row.outcome not in (RECORDED, REPEATED)]
    is_over = done + len(rows) >= given["total"]
    return jobs.Step(len(rows), errors, {"batch_id": given["batch_id"]} if is_over else None)


@dataclass(frozen=True)
class _Known:
    """What the lines of a chunk are compared with, read at once, and the checks that they close."""

    people: Mapping[UUID | bytes, Person]
    checks: Mapping[tuple[UUID, str], list[Check]]
    policy: Policy
    kept: list[Check] = field(default_factory=list)


def _know(work: Work, rows: Sequence[CheckAnswer]) -> _Known:
    found = queries.people_of(work, rows)
    checks = queries.checks_of(work, {person.id for person in found.values()})
    return _Known(found, checks, policy_of_district(work))


def _keep_line(work: Work, row: CheckAnswer, known: _Known) -> str:
    """Keep one line, all of it or nothing: every rule is asked before anything is written. Returns the outcome."""
    named = {known.people.get(who) for who in (row.person_id, row.id_number_index) if who is not None}
    person = named.pop() if len(named) == 1 else None
    if person is None:
        return "person_unknown"
    row.person_id = person.id
    answer, kind = _answer(work, row), str(row.kind)
    before = known.checks[person.id, kind]
    if any(_says_the_same(check, answer) for check in before):
        return REPEATED
    try:
        _need_keepable(work, person, answer)
        check = next((one for one in before if one.state in rules.OPEN), None)
        if check is None:
            need_consent(person.consent_at is not None, known.policy)
            check = _requested(person, kind)
    except Refused as refusal:
        return refusal.code
    if check not in before:
        before.append(work.add(check))
    if check.state == "REQUESTED":
        check.state = rules.CHECK.move(check.state, "submit")
    _keep(work, person, check, answer, known.policy)
    known.kept.append(check)
    return RECORDED


def _says_the_same(check: Check, answer: Answer) -> bool:
    is_known = (check.as_of, check.evidence_ref) == (answer.as_of, answer.evidence_ref)
    # Of an expired one it is not known what it said: a hit is rather kept twice than never.
    return is_known and (check.state == answer.result or (check.state == "EXPIRED" and answer.result != "HIT"))


def _staged(work: Work, batch_id: UUID, position: int, line: Line) -> CheckAnswer:
    district_id, row_id, answer = work.caller.district_id, new_id(), line.answer
    index = work.keyring.blind_index(district_id, "id_number", line.id_number) if line.id_number else None
    row = CheckAnswer(id=row_id, district_id=district_id, batch_id=batch_id, position=position, line=line.number)
    row.person_id, row.id_number_index, row.kind, row.outcome = line.person_id, index, line.kind, line.fault
    if answer is not None:
        row.result, row.as_of, row.evidence_ref = answer.result, answer.as_of, answer.evidence_ref
        row.bars_until = answer.bars_until
        row.detail_sealed = work.keyring.seal(row_id, "detail", answer.detail) if answer.detail else None
    return row


def _answer(work: Work, row: CheckAnswer) -> Answer:
    if row.result is None or row.as_of is None or row.evidence_ref is None:
        raise RuntimeError("a line without an answer was staged without its fault")
    detail = work.keyring.open(row.id, "detail", row.detail_sealed) if row.detail_sealed else None
    return Answer(
        result=row.result, as_of=row.as_of, evidence_ref=row.evidence_ref, detail=detail, bars_until=row.bars_until
    )


def _on_behalf(work: Work) -> dict[str, Any]:
    person_id = work.caller.person_id
    return {"by": work.caller.subject, "by_person": str(person_id) if person_id else None}


def _act_for(work: Work, given: Mapping[str, Any]) -> None:
    """A job decides in the name of whoever started it, so that nobody decides about themselves by file."""
    person_id = UUID(given["by_person"]) if given["by_person"] else None
    work.act_as(replace(work.caller, subject=given["by"], person_id=person_id))

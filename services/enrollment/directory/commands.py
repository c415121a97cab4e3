"""Making the directory say what the register says, many rows at a time; and saying it on.

Each `keep_…` takes a chunk of changes of one kind and gives back what could not be kept, by the register's id. Who is
gone is deactivated, never deleted: history and a child in care outlive a register row.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from services.enrollment.directory import queries, rules
from services.enrollment.tables import (
    GuardianLink,
    ImportChange,
    Pupil,
    RegisterFact,
    School,
    SchoolClass,
    StaffPost,
)
from shared.contracts.enrollment import (
    ClassTeacherAssigned,
    GuardianLinkEnded,
    GuardianLinkVerified,
    PupilLeft,
    PupilMoved,
    PupilRegistered,
    StaffMemberLeft,
    StaffMemberListed,
)
from shared.messaging.work import Work

Errors = list[dict[str, Any]]


def keep_facts(work: Work, changes: Sequence[ImportChange]) -> Errors:
    """What the register says, as it says it; people go to the end of the feed."""
    facts = _found(work, RegisterFact, changes)
    for change in changes:
        fact = facts.get(change.subject_id) or _new_fact(work, change)
        fact.active = change.action == "keep"
        if fact.active:
            fact.value, fact.person_sealed = change.value, _sealed_for(work, fact.id, change)
    work.session.flush()
    if changes[0].kind == "people":
        _move_to_end(work, [change.subject_id for change in changes])
    return []


def keep_schools(work: Work, changes: Sequence[ImportChange]) -> Errors:
    """Schools (学校)."""
    keep_facts(work, changes)
    schools = _found(work, School, changes)
    for change in changes:
        school = schools.get(change.subject_id)
        if school is None:
            school = work.add(
                School(id=change.subject_id, district_id=change.district_id, school_id=change.subject_id, active=True)
            )
        school.active = change.action == "keep"
        if school.active:
            school.name, school.identifier = change.value["name"], change.value["identifier"]
    return []


def keep_classes(work: Work, changes: Sequence[ImportChange]) -> Errors:
    """Classes (行政班)."""
    keep_facts(work, changes)
    classes = _found(work, SchoolClass, changes)
    schools = queries.ids_of(work, "schools", {change.value.get("school") for change in changes})
    for change in changes:
        found = classes.get(change.subject_id)
        if change.action == "end":
            if found is not None:
                found.active = False
            continue
        if found is None:
            found = work.add(SchoolClass(id=change.subject_id, district_id=change.district_id, teacher_id=None))
        found.school_id, found.active = schools[change.value["school"]], True
        found.title, found.grade = change.value["title"], change.value["grade"]
    return []


def let_go(work: Work, changes: Sequence[ImportChange]) -> list[UUID]:
    """Say which pupils leave their school, for another or for none; returns their ids. Comes before `keep_pupils`."""
    school_of = _schools_of(work, changes)
    leaving = [
        pupil
        for pupil in _found(work, Pupil, changes).values()
        if pupil.active and school_of.get(pupil.id) != pupil.school_id
    ]
    for pupil in leaving:
        pupil.active = False
        work.emit(
            PupilLeft(
                district_id=pupil.district_id, school_id=pupil.school_id, pupil_id=pupil.id, effective_on=work.today
            )
        )
    _take_links_along(work, {pupil.id: school_of[pupil.id] for pupil in leaving if pupil.id in school_of})
    return [pupil.id for pupil in leaving]


def keep_pupils(work: Work, changes: Sequence[ImportChange]) -> Errors:
    """Pupils (学生), each in a class; one without a class is reported, because nobody could review for it."""
    pupils, school_of = _found(work, Pupil, changes), _schools_of(work, changes)
    placed = [change for change in changes if change.value.get("class_id") is not None]
    classes = queries.ids_of(work, "classes", {change.value["class_id"] for change in placed})
    for change in placed:
        place = (school_of[change.subject_id], classes[change.value["class_id"]], change.value["grade"])
        _keep_pupil(work, change, pupils.get(change.subject_id), place)
    work.session.flush()
    _move_to_end(work, [change.subject_id for change in changes])
    classless = [change for change in changes if change.action == "keep" and change not in placed]
    return [{"code": "pupil_without_class", "source_id": change.source_id} for change in classless]


def _schools_of(work: Work, changes: Sequence[ImportChange]) -> dict[UUID, UUID]:
    """The school that each pupil belongs to once the changes are made; who has none is not in it."""
    kept = [change for change in changes if change.action == "keep"]
    schools = queries.ids_of(work, "schools", {change.value["school"] for change in kept})
    return {change.subject_id: schools[change.value["school"]] for change in kept}


def _keep_pupil(work: Work, change: ImportChange, pupil: Pupil | None, place: tuple[UUID, UUID, int]) -> None:
    """Say that a pupil is new at a school, or moved between its classes; another name changes nothing here."""
    is_new = pupil is None or not pupil.active
    if pupil is not None and not is_new and (pupil.school_id, pupil.class_id, pupil.grade) == place:
        return
    if pupil is None:
        pupil = work.add(Pupil(id=change.subject_id, district_id=change.district_id))
    pupil.school_id, pupil.class_id, pupil.grade = place
    pupil.stage, pupil.active = rules.stage_of(pupil.grade), True
    said = PupilRegistered if is_new else PupilMoved
    work.emit(
        said(
            district_id=pupil.district_id,
            school_id=pupil.school_id,
            pupil_id=pupil.id,
            class_id=pupil.class_id,
            grade=pupil.grade,
            stage=pupil.stage,
        )
    )


def _take_links_along(work: Work, school_of: Mapping[UUID, UUID]) -> None:
    """Guardians follow their children to the new school, whose partition knows nothing of them yet."""
    links = work.session.scalars(
        select(GuardianLink).where(GuardianLink.pupil_id.in_(school_of), GuardianLink.state == "VERIFIED")
    )
    for link in links:
        _say_link(work, link, GuardianLinkEnded)
        link.school_id = school_of[link.pupil_id]
        _say_link(work, link, GuardianLinkVerified)


def keep_guardians(work: Work, changes: Sequence[ImportChange]) -> Errors:
    """Who is guardian of whom (监护关系): the register's word verifies a link, and its silence ends one."""
    named = [(change.subject_id, source_id) for change in changes for source_id in change.value.get("pupils", ())]
    people = queries.ids_of(work, "people", {source_id for _, source_id in named})
    wanted = {(guardian_id, people[source_id]) for guardian_id, source_id in named}
    guardians = [change.subject_id for change in changes]
    links = {
        (link.guardian_id, link.pupil_id): link
        for link in work.session.scalars(select(GuardianLink).where(GuardianLink.guardian_id.in_(guardians)))
    }
    pupils = queries.find_pupils(work, people.values())
    for guardian_id, pupil_id in sorted(wanted):
        if pupil_id in pupils:
            _verify(work, links.get((guardian_id, pupil_id)), guardian_id, pupils[pupil_id])
    for pair, link in links.items():
        if pair not in wanted and link.state == "VERIFIED":
            link.state = "ENDED"
            _say_link(work, link, GuardianLinkEnded)
    return []


def _verify(work: Work, link: GuardianLink | None, guardian_id: UUID, pupil: Pupil) -> None:
    if link is None:
        link = work.add(
            GuardianLink(
                district_id=pupil.district_id,
                school_id=pupil.school_id,
                guardian_id=guardian_id,
                pupil_id=pupil.id,
                state="ENDED",
            )
        )
    if link.state != "VERIFIED":
        link.state = "VERIFIED"
        _say_link(work, link, GuardianLinkVerified)


def _say_link(work: Work, link: GuardianLink, said: type[GuardianLinkVerified] | type[GuardianLinkEnded]) -> None:
    work.emit(
        said(
            district_id=link.district_id,
            school_id=link.school_id,
            link_id=link.id,
            pupil_id=link.pupil_id,
            guardian_id=link.guardian_id,
        )
    )


def keep_staff(work: Work, changes: Sequence[ImportChange]) -> Errors:
    """Staff lists and class teachers (班主任). Nothing is said about anybody's fitness."""
    schools = queries.ids_of(work, "schools", {org for change in changes for org, _ in change.value.get("posts", ())})
    _keep_posts(work, changes, schools)
    _keep_class_teachers(work, changes)
    return []


def _keep_posts(work: Work, changes: Sequence[ImportChange], schools: Mapping[str, UUID]) -> None:
    people = [change.subject_id for change in changes]
    posts = {
        (post.person_id, post.school_id): post
        for post in work.session.scalars(select(StaffPost).where(StaffPost.person_id.in_(people)))
    }
    held: dict[tuple[UUID, UUID], list[str]] = defaultdict(list)
    for change in changes:
        for org, role in change.value.get("posts", ()):
            if org in schools:
                held[change.subject_id, schools[org]].append(role)
    for (person_id, school_id), roles in held.items():
        _keep_post(work, posts.get((person_id, school_id)), person_id, school_id, rules.main_role(roles))
    for place, post in posts.items():
        if post.active and place not in held:
            post.active = False
            work.emit(StaffMemberLeft(district_id=post.district_id, school_id=post.school_id, person_id=post.person_id))


def _keep_post(work: Work, post: StaffPost | None, person_id: UUID, school_id: UUID, role: str) -> None:
    is_new = post is None or not post.active or post.role != role
    if post is None:
        post = work.add(StaffPost(district_id=work.caller.district_id, school_id=school_id, person_id=person_id))
    post.role, post.active = role, True
    if is_new:
        work.emit(StaffMemberListed(district_id=post.district_id, school_id=school_id, person_id=person_id, role=role))


def _keep_class_teachers(work: Work, changes: Sequence[ImportChange]) -> None:
    led = {one: change.subject_id for change in changes for one in change.value.get("class_teacher_of", ())}
    ids = queries.ids_of(work, "classes", led)
    teachers = {ids[source_id]: person for source_id, person in led.items() if source_id in ids}
    people = [change.subject_id for change in changes]
    concerned = or_(SchoolClass.id.in_(teachers), SchoolClass.teacher_id.in_(people))
    for found in work.session.scalars(select(SchoolClass).where(concerned)):
        before, found.teacher_id = found.teacher_id, teachers.get(found.id)
        if found.teacher_id is not None and found.teacher_id != before:
            work.emit(
                ClassTeacherAssigned(
                    district_id=found.district_id,
                    school_id=found.school_id,
                    class_id=found.id,
                    person_id=found.teacher_id,
                    grade=found.grade,
                )
            )


def _sealed_for(work: Work, fact_id: UUID, change: ImportChange) -> bytes | None:
    """What a change holds of a person, sealed for the fact: a sealed value opens only in its own row."""
    if change.person_sealed is None:
        return None
    return work.keyring.seal(
        fact_id, queries.PERSON, work.keyring.open(change.id, queries.PERSON, change.person_sealed)
    )


def _new_fact(work: Work, change: ImportChange) -> RegisterFact:
    return work.add(
        RegisterFact(
            id=change.subject_id,
            district_id=change.district_id,
            kind=change.kind,
            source_id=change.source_id,
            value=change.value,
            person_sealed=None,
        )
    )


def _move_to_end(work: Work, person_ids: Sequence[UUID]) -> None:
    """Give people the next numbers of the feed; imports of a district run one at a time, so numbers come in order."""
    sequence = queries.last_sequence(work)
    facts = work.session.scalars(select(RegisterFact).where(RegisterFact.id.in_(person_ids)).order_by(RegisterFact.id))
    for fact in facts:
        sequence += 1
        fact.sequence = sequence


def _found(work: Work, table: type[Any], changes: Sequence[ImportChange]) -> dict[UUID, Any]:
    rows = work.session.scalars(select(table).where(table.id.in_([change.subject_id for change in changes])))
    return {row.id: row for row in rows}

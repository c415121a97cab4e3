"""Taking people in, and sealing who they are."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete

from services.vetting.people import queries, rules
from services.vetting.providers.queries import find_provider
from services.vetting.providers.rules import need_names_staff
from services.vetting.tables import Person, Post
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import Refused


def list_staff_member(work: Work, district_id: UUID, school_id: UUID, person_id: UUID, role: str) -> None:
    """Take over a staff member of the rostering data; being listed says nothing about fitness."""
    if work.session.get(Person, person_id) is None:
        category = "OWN_TEACHER" if role == "teacher" else "OWN_STAFF"
        work.add(_person(person_id, district_id, category))
        work.session.flush()
    known = work.session.scalar(queries.find_post(person_id, school_id))
    if known is None:
        work.add(Post(district_id=district_id, school_id=school_id, person_id=person_id, role=role))


def strike_off(work: Work, school_id: UUID, person_id: UUID) -> None:
    """A person is on a school's staff list no more; clearance and contracts stay as they are."""
    work.session.execute(delete(Post).where(Post.school_id == school_id, Post.person_id == person_id))


def register_person(work: Work, *, category: str, is_minor: bool = False, provider_id: UUID | None = None) -> Person:
    """Take in somebody from outside the schools, who is on no staff list; a provider's staff with their provider."""
    policy = policy_of_district(work)
    rules.g_category(category, policy)
    rules.need_provider(category, provider_id is not None)
    if provider_id is not None:
        queries.need_represented(work, provider_id)
        need_names_staff(find_provider(work, provider_id).state, work.today, policy)
    person = _person(new_id(), work.caller.district_id, category)
    person.is_minor, person.provider_id = is_minor, provider_id
    return work.add(person)


def _person(person_id: UUID, district_id: UUID, category: str) -> Person:
    return Person(
        id=person_id,
        district_id=district_id,
        category=category,
        state=rules.STAFF_MEMBER.initial,
        clearance_epoch=0,
        is_minor=False,
    )


def record_specialities(work: Work, person_id: UUID, *, specialities: Sequence[str]) -> Person:
    """Keep what one of the caller's people can teach or guide beside their post, in place of what was kept before."""
    person = queries.find_person(work, queries.read_person(work, person_id).id, lock=True)
    person.specialities = rules.labels(specialities)
    return person


def record_identity(work: Work, person_id: UUID, *, name: str, id_number: str) -> Person:
    """Seal a person's name and ID number; raises Refused("already_exists") when somebody else has the number."""
    person = queries.find_person(work, person_id, lock=True)
    index = work.keyring.blind_index(person.district_id, "id_number", id_number)
    if queries.has_id_number(work, index, but=person_id):
        raise Refused("already_exists", thing="id_number")
    person.name_sealed = work.keyring.seal(person.id, "name", name)
    person.id_number_sealed = work.keyring.seal(person.id, "id_number", id_number)
    person.id_number_index = index
    return person

"""Spending, subsidies, and the public account of a term."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.attendance import HeadcountCounted
from shared.contracts.enrollment import CalendarPublished
from shared.contracts.finance import SubsidyCalculated, TermStatementPublished
from shared.ids import new_id
from tests.builders import fees
from tests.world import World

SERVICES = ("finance",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    return world


@pytest.fixture
def funded(district: World) -> World:
    """A district whose first school holds 300 yuan of fees."""
    school = district.schools[0]
    item, child = fees.fee_in_force(district, school), fees.child(district, school)
    district.hear(fees.confirmed(district, school, child, [item]))
    fees.paid(district, school, child)
    return district


def spending(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "school_id": world.schools[0],
        "term_id": world.term,
        "category": "CONSUMABLES",
        "source": "SERVICE_FEE",
        "amount_fen": 10_000,
        "evidence_ref": "发票 001",
        "payee": "文具店",
    } | changes


def spend(world: World, **changes: Any) -> None:
    accountant, path = world.as_("accountant"), "/finance/v1/expenditures"
    path = f"{path}/{accountant.post(path, spending(world, **changes))['id']}"
    world.as_("principal").post(f"{path}/approve")
    world.as_("cashier").post(f"{path}/pay")


# Spending


@pytest.mark.clause("P5-4.2.6")
@pytest.mark.clause("P5-4.2.9")
@pytest.mark.parametrize("category", ["MANAGEMENT_FEE", "VENUE_RENT", "OTHER_SCHOOL_SPENDING", "OTHER_SERVICE"])
def test_the_money_is_spent_on_nothing_but_its_purposes(funded: World, category: str) -> None:
    refusal = funded.as_("accountant").refused("/finance/v1/expenditures", spending(funded, category=category))
    assert (refusal["code"], refusal["gate"]) == ("category_not_spendable", "G-SPEND")
    assert "P5-4.2.9" in [clause["id"] for clause in refusal["clauses"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"source": "FISCAL_SUBSIDY"}, "source_not_for_category"),
        ({"evidence_ref": " "}, "evidence_missing"),
        ({"category": "STAFF_LABOUR_PAY"}, "category_paid_elsewhere"),
    ],
)
def test_spending_needs_its_own_source_evidence_and_way(funded: World, changes: dict[str, str], code: str) -> None:
    refusal = funded.as_("accountant").refused("/finance/v1/expenditures", spending(funded, **changes))
    assert (refusal["code"], refusal["gate"]) == (code, "G-SPEND")


@pytest.mark.clause("P5-4.2.8")
def test_consumables_are_bought_from_the_fees_while_they_last(funded: World) -> None:
    spend(funded)
    assert fees.balances(funded, funded.schools[0])["SPECIAL_ACCOUNT_SERVICE_FEE"] == 20_000
    accountant, path = funded.as_("accountant"), "/finance/v1/expenditures"
    path = f"{path}/{accountant.post(path, spending(funded, amount_fen=20_001))['id']}"
    assert funded.as_("cashier").refused(f"{path}/pay")["code"] == "illegal_transition"
    funded.as_("principal").post(f"{path}/approve")
    assert funded.as_("cashier").refused(f"{path}/pay")["code"] == "insufficient_funds"


def test_the_proposer_does_not_approve_the_spending(funded: World) -> None:
    both = new_id()
    proposed = funded.as_("accountant", person=both).post("/finance/v1/expenditures", spending(funded))
    principal = funded.as_("principal", person=both)
    assert principal.refused(f"/finance/v1/expenditures/{proposed['id']}/approve")["code"] == "same_person"


def test_the_database_refuses_a_posting_that_does_not_add_up(funded: World) -> None:
    database = funded.suite.nodes["finance"].database
    copy = (
        "INSERT INTO entries (id, version, district_id, school_id, term_id, posting_id, account, amount_fen)"
        " SELECT gen_random_uuid(), 1, district_id, school_id, term_id, posting_id, 'RECEIVABLE', 1 FROM entries"
        " WHERE district_id = :district LIMIT 1"
    )
    with pytest.raises(DBAPIError, match="unbalanced posting"), database.session() as session:
        districts = {"district": str(funded.district)}
        session.execute(text("SELECT set_config('kehou.districts', '{' || :district || '}', true)"), districts)
        session.execute(text("SELECT set_config('kehou.schools', '*', true)"))
        assert session.execute(text(copy), districts).rowcount == 1  # type: ignore[attr-defined]  # a cursor's result
        session.commit()


# Subsidies


def test_the_real_headcount_gives_the_subsidy(district: World) -> None:
    school, count = district.schools[0], new_id()
    counted = HeadcountCounted(
        district_id=district.district,
        school_id=school,
        count_id=count,
        term_id=district.term,
        basis="actual_participants",
        pupil_count=20,
    )
    district.hear(counted, counted)
    path, accountant = f"/finance/v1/subsidy-claims/{count}", district.as_("accountant")
    accountant.post(f"{path}/calculate", {"per_pupil_fen": 10_000, "document_no": "鹤财教〔2026〕9号"})
    accountant.refused(f"{path}/receive")
    district.as_("district_admin").post(f"{path}/approve")
    accountant.post(f"{path}/receive")
    assert fees.balances(district, school) == {"FISCAL_SUBSIDY": 200_000, "INCOME_FISCAL_SUBSIDY": -200_000}
    assert [event.amount_fen for event in district.said("finance") if isinstance(event, SubsidyCalculated)] == [200_000]


@pytest.mark.clause("P2-4.3.7")
def test_no_more_subsidy_than_the_cap_where_the_profile_has_one(world: World) -> None:
    world.publish_policy("p2-anhui")
    world.publish_calendar()
    world.pin_plan()
    count = new_id()
    world.hear(
        HeadcountCounted(
            district_id=world.district,
            school_id=world.schools[0],
            count_id=count,
            term_id=world.term,
            basis="actual_participants",
            pupil_count=20,
        )
    )
    path = f"/finance/v1/subsidy-claims/{count}/calculate"
    accountant = world.as_("accountant")
    refusal = accountant.refused(path, {"per_pupil_fen": 50_001, "document_no": "1"})
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-SUBCAP", "P2-4.3.7")
    assert accountant.post(path, {"per_pupil_fen": 50_000, "document_no": "1"})["amount_fen"] == 1_000_000


# The statement


def published(world: World) -> Any:
    where = {"school_id": world.schools[0], "term_id": world.term}
    drafted = world.as_("accountant").post("/finance/v1/statements", where)
    path = f"/finance/v1/statements/{drafted['id']}"
    world.as_("principal").post(f"{path}/approve")
    world.as_("accountant").post(f"{path}/publish")
    return world.http.get(path).json()


def test_a_statement_waits_for_the_end_of_the_term(funded: World) -> None:
    where = {"school_id": funded.schools[0], "term_id": funded.term}
    refusal = funded.as_("accountant").refused("/finance/v1/statements", where)
    assert (refusal["code"], refusal["gate"]) == ("statement_too_early", "G-STMT")


def test_the_public_statement_equals_the_ledger_and_every_family_finds_its_line(funded: World) -> None:
    school = funded.schools[0]
    spend(funded)
    (payment,) = funded.as_("accountant").get("/finance/v1/payments")["items"]
    receipt = funded.as_("auditor").get(f"/finance/v1/payments/{payment['id']}/receipt")
    funded.set_time(funded.at(18, day=5))
    public = published(funded)
    assert (public["income_fen"], public["expense_fen"], public["balance_fen"]) == (30_000, 10_000, 20_000)
    assert public["balance_fen"] == fees.balances(funded, school)["SPECIAL_ACCOUNT_SERVICE_FEE"]
    assert sum(line["amount_fen"] for line in public["receipts"]) == public["receipts_fen"] == 30_000
    line = hashlib.sha256(f"{receipt['salt']}:{payment['id']}:30000".encode()).hexdigest()
    assert [one["line"] for one in public["receipts"]] == [line] == [receipt["line"]]
    (said,) = [event for event in funded.said("finance") if isinstance(event, TermStatementPublished)]
    assert (said.income_fen, said.expense_fen, said.balance_fen) == (30_000, 10_000, 20_000)


def test_a_statement_is_not_published_once_the_ledger_moved(funded: World) -> None:
    funded.set_time(funded.at(18, day=5))
    where = {"school_id": funded.schools[0], "term_id": funded.term}
    path = f"/finance/v1/statements/{funded.as_('accountant').post('/finance/v1/statements', where)['id']}"
    funded.as_("principal").post(f"{path}/approve")
    spend(funded)
    assert funded.as_("accountant").refused(f"{path}/publish")["code"] == "ledger_moved"
    assert funded.http.get(path).status_code == 404


def test_the_next_term_is_billed_once_the_statement_of_the_last_is_public(funded: World) -> None:
    school, first_term = funded.schools[0], funded.term
    funded.set_time(funded.at(8, day=7))
    funded.term, funded.first_day = new_id(), funded.first_day + timedelta(days=7)
    days = tuple(funded.first_day + timedelta(days=day) for day in range(5))
    funded.hear(
        CalendarPublished(
            district_id=funded.district,
            term_id=funded.term,
            starts_on=days[0],
            ends_on=days[-1],
            collection_starts_on=days[0],
            school_days=days,
        )
    )
    funded.pin_plan(school)
    item, child = fees.fee_in_force(funded, school), fees.child(funded, school)
    funded.hear(fees.confirmed(funded, school, child, [item]))
    held = fees.invoice_of(funded, child)
    assert (held["held_because"], held["held_gate"]) == ("statement_missing", "G-STMT")
    next_term, funded.term = funded.term, first_term
    published(funded)
    funded.term = next_term
    assert fees.invoice_of(funded, child)["state"] == "ISSUED"

"""The invariants between the services (domain.md §4.8) and those of money, checked over the four databases at rest.

Any test, story or demo may call `broken`: it reads the databases as their administrator and names every invariant that
does not hold, with an example. Each is a query that must find nothing; where what it compares lies in two databases,
the facts of one are handed to the other as a set.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

Read = Callable[..., list[tuple[Any, ...]]]
"""`read(service, sql, **parameters)`: rows of a service's database, past its walls."""

Check = Callable[[Read, UUID], list[Any]]

LISTENERS = {
    "enrollment": ("attendance", "finance", "vetting"),
    "attendance": ("enrollment", "finance", "vetting"),
    "finance": ("enrollment", "vetting"),
    "vetting": ("attendance", "enrollment", "finance"),
}

NOW = "now() + coalesce((SELECT shift FROM business_clock), interval '0')"
"""SQL: business time."""


@dataclass(frozen=True)
class Broken:
    """An invariant that does not hold, and what shows it."""

    invariant: str
    example: str


def broken(read: Read, district: UUID) -> list[Broken]:
    """Every invariant that one district breaks now; empty is good."""
    found: list[Broken] = []
    for invariant, check in CHECKS.items():
        found += [Broken(invariant, str(example)) for example in check(read, district)]
    return found


def at_rest(read: Read, *, missed: Collection[Any] = ()) -> bool:
    """Whether every event was sent and every listener has read on to the last one, but for what it had missed before.

    An earlier test may have run some services without the others.
    """
    if any(read(service, "SELECT 1 FROM outbox WHERE sent_at IS NULL LIMIT 1") for service in LISTENERS):
        return False
    return unheard(read) <= set(missed)


def unheard(read: Read) -> set[tuple[Any, ...]]:
    """(publisher, listener, timeline, partition, last number) wherever a listener has not read on to the last event."""
    return {
        (publisher, listener, *last)
        for publisher, them in LISTENERS.items()
        for listener in them
        for last in _behind(read, publisher, listener)
    }


def _behind(read: Read, publisher: str, listener: str) -> set[tuple[Any, ...]]:
    said = read(publisher, "SELECT timeline, part, last_sequence FROM outbox_part WHERE last_sequence > 0")
    sql = "SELECT timeline, part, sequence FROM inbox_position WHERE source = :source"
    return set(said) - set(read(listener, sql, source=f"/{publisher}"))


def same_rosters(read: Read, district: UUID) -> list[Any]:
    """INV-X-01: attendance expects whom enrollment's roll names, finance bills enrollment's places with a fee, and
    vetting knows attendance's sessions."""
    roll = "SELECT group_id, pupil_id FROM roll_entries WHERE district_id = :d AND ends_on IS NULL"
    expected = (
        "SELECT DISTINCT ON (group_id, pupil_id) group_id, pupil_id, added FROM roll_entries WHERE district_id = :d"
        " ORDER BY group_id, pupil_id, roll_version DESC"
    )
    kept = {row[:2] for row in read("attendance", expected, d=district) if row[2]}
    sessions = set(read("attendance", "SELECT id FROM sessions WHERE district_id = :d", d=district))
    planned = set(read("vetting", "SELECT id FROM planned_sessions WHERE district_id = :d", d=district))
    places = (
        "SELECT p.participation_id, p.item_id FROM places p JOIN items i ON i.id = p.item_id"
        " WHERE p.district_id = :d AND i.fee_bearing"
    )
    billed = set(
        read("finance", "SELECT id, unnest(fee_item_ids) FROM participations WHERE district_id = :d", d=district)
    )
    return [
        *(set(read("enrollment", roll, d=district)) ^ kept),
        *(set(read("enrollment", places, d=district)) ^ billed),
        *(sessions ^ planned),
    ]


def one_decision_per_withdrawal(read: Read, district: UUID) -> list[Any]:
    """INV-X-02: whoever withdrew is on no later roll, and has one refund decision for each invoice that was paid."""
    sql = "SELECT id, pupil_id FROM participations WHERE district_id = :d AND state = 'WITHDRAWN'"
    gone: dict[Any, Any] = dict(read("enrollment", sql, d=district))
    sql = "SELECT pupil_id FROM roll_entries WHERE district_id = :d AND ends_on IS NULL"
    on_roll = {pupil_id for (pupil_id,) in read("enrollment", sql, d=district)}
    sql = (
        "SELECT DISTINCT i.participation_id, i.id FROM payments p JOIN invoices i ON i.id = p.invoice_id"
        " WHERE p.district_id = :d AND p.state IN ('CONFIRMED', 'RECONCILED')"
    )
    paid = read("finance", sql, d=district)
    decided = read(
        "finance", "SELECT invoice_id FROM refunds WHERE district_id = :d AND cause = 'WITHDRAWAL'", d=district
    )
    wrong = [invoice for participation, invoice in paid if participation in gone and decided.count((invoice,)) != 1]
    return wrong + [participation for participation, pupil in gone.items() if pupil in on_roll]


def paid_service_was_real(read: Read, district: UUID) -> list[Any]:
    """INV-X-03: a paid line has a closed session and a served assignment of a person who was cleared."""
    sql = "SELECT session_id, person_id FROM pay_lines WHERE district_id = :d AND state = 'PAID' AND amount_fen > 0"
    paid = set(read("finance", sql, d=district))
    closed = set(read("attendance", "SELECT id FROM sessions WHERE district_id = :d AND state = 'CLOSED'", d=district))
    sql = "SELECT session_id, person_id FROM assignments WHERE district_id = :d AND state = 'SERVED'"
    served = set(read("vetting", sql, d=district))
    return [row for row in paid if row[:1] not in closed or row not in served]


def nobody_blocked_comes_near(read: Read, district: UUID) -> list[Any]:
    """INV-X-04, INV-VET-01: whoever is blocked now is checked in nowhere, has no assignment ahead and no pass."""
    blocked = [
        row[0]
        for row in read("vetting", "SELECT id FROM people WHERE district_id = :d AND state = 'BLOCKED'", d=district)
    ]
    checks = (
        ("attendance", "SELECT id FROM presences WHERE person_id = ANY(:p) AND checked_out_at IS NULL"),
        ("attendance", "SELECT id FROM gate_entries WHERE person_id = ANY(:p) AND state = 'ON_CAMPUS'"),
        (
            "vetting",
            f"SELECT id FROM assignments WHERE person_id = ANY(:p) AND state = 'CONFIRMED' AND ends_at > {NOW}",
        ),
        ("vetting", f"SELECT id FROM gate_passes WHERE person_id = ANY(:p) AND state = 'ISSUED' AND valid_to > {NOW}"),
    )
    found = [row for service, sql in checks for row in read(service, sql, p=blocked)]
    return found + _came_while_away(read, district)


def _came_while_away(read: Read, district: UUID) -> list[Any]:
    """Whoever is still checked in under a clearance that has been taken away since."""
    sql = (
        "SELECT p.id FROM presences p JOIN clearances c ON c.id = p.person_id"
        " WHERE p.district_id = :d AND p.clearance_epoch <= c.lost_epoch AND p.checked_out_at IS NULL"
    )
    return read("attendance", sql, d=district)


def subsidy_counts_attendance(read: Read, district: UUID) -> list[Any]:
    """INV-X-05: a claim's pupils are attendance's count for the school and term."""
    claims = set(
        read("finance", "SELECT school_id, term_id, pupil_count FROM subsidy_claims WHERE district_id = :d", d=district)
    )
    counts = set(
        read(
            "attendance",
            "SELECT CAST(data->>'school' AS uuid), CAST(data->'data'->>'term_id' AS uuid),"
            " CAST(data->'data'->>'pupil_count' AS int)"
            " FROM (SELECT CAST(convert_from(body, 'UTF8') AS jsonb) AS data FROM outbox"
            "       WHERE type = 'attendance.headcount.counted') said WHERE data->>'district' = :d",
            d=str(district),
        )
    )
    return list(claims - counts)


def events_arrived_once(read: Read, district: UUID) -> list[Any]:
    """INV-X-08: every committed event took effect, or was refused by a rule, exactly once in every listener."""
    lost: list[Any] = []
    ours = "SELECT event_id FROM outbox WHERE CAST(convert_from(body, 'UTF8') AS jsonb)->>'district' = :d"
    for publisher, listeners in LISTENERS.items():
        said = set(read(publisher, ours, d=str(district)))
        sql = "SELECT event_id FROM inbox WHERE source = :source AND status IN ('done', 'refused')"
        for listener in listeners:
            lost += [(publisher, listener, row[0]) for row in said - set(read(listener, sql, source=f"/{publisher}"))]
    return lost


def ledger_balances(read: Read, district: UUID) -> list[Any]:
    """INV-FIN-01: every posting adds up to zero, and no earmarked account is below it."""
    sql = "SELECT posting_id FROM entries WHERE district_id = :d GROUP BY posting_id HAVING sum(amount_fen) <> 0"
    below = (
        "SELECT school_id, account, sum(amount_fen) FROM entries WHERE district_id = :d"
        " AND (account LIKE 'SPECIAL_ACCOUNT%' OR account = 'FISCAL_SUBSIDY')"
        " GROUP BY school_id, account HAVING sum(amount_fen) < 0"
    )
    return read("finance", sql, d=district) + read("finance", below, d=district)


def invoices_add_up(read: Read, district: UUID) -> list[Any]:
    """INV-FIN-02: something is owed on an invoice exactly while it is to be paid, and never less than nothing."""
    sql = (
        "SELECT i.id, i.state, sum(e.amount_fen) FROM invoices i"
        " LEFT JOIN entries e ON e.invoice_id = i.id AND e.account = 'RECEIVABLE' WHERE i.district_id = :d"
        " GROUP BY i.id HAVING coalesce(sum(e.amount_fen), 0) < 0"
        " OR (coalesce(sum(e.amount_fen), 0) > 0) <> (i.state IN ('ISSUED', 'PART_PAID', 'OVERDUE'))"
    )
    return read("finance", sql, d=district)


def money_without_an_invoice_goes_back(read: Read, district: UUID) -> list[Any]:
    """INV-FIN-03: what lies in suspense is what refunds will pay out of it."""
    lies = (
        "SELECT invoice_id, -sum(amount_fen) FROM entries WHERE district_id = :d AND account = 'SUSPENSE'"
        " GROUP BY invoice_id HAVING sum(amount_fen) <> 0"
    )
    leaves = (
        "SELECT invoice_id, sum(amount_fen) FROM refunds WHERE district_id = :d AND from_suspense"
        " AND state IN ('REQUESTED', 'CALCULATED', 'APPROVED') GROUP BY invoice_id"
    )
    return list(set(read("finance", lies, d=district)) ^ set(read("finance", leaves, d=district)))


def no_more_goes_back_than_came(read: Read, district: UUID) -> list[Any]:
    """INV-FIN-08: the refunds of an invoice are at most what was taken for it."""
    sql = (
        "SELECT r.invoice_id, r.fen FROM (SELECT invoice_id, sum(amount_fen) AS fen FROM refunds"
        "  WHERE district_id = :d AND NOT from_suspense AND state <> 'REJECTED' GROUP BY invoice_id) r"
        " WHERE r.fen > (SELECT coalesce(-sum(e.amount_fen), 0) FROM entries e JOIN postings p ON p.id = e.posting_id"
        "  WHERE e.invoice_id = r.invoice_id AND e.account = 'RECEIVABLE' AND p.kind = 'PAYMENT')"
    )
    return read("finance", sql, d=district)


def callbacks_count_once(read: Read, district: UUID) -> list[Any]:
    """INV-FIN-20: what came into the accounts for an invoice is what the gateway said, each transaction once."""
    said = (
        "SELECT p.invoice_id, sum(r.amount_fen) FROM gateway_receipts r JOIN payments p ON p.id = r.payment_id"
        " WHERE r.district_id = :d GROUP BY p.invoice_id"
    )
    came = (
        "SELECT e.invoice_id, sum(e.amount_fen) FROM entries e JOIN postings p ON p.id = e.posting_id"
        " WHERE e.district_id = :d AND p.kind = 'PAYMENT' AND e.account LIKE 'SPECIAL_ACCOUNT%'"
        " GROUP BY e.invoice_id"
    )
    return list(set(read("finance", said, d=district)) ^ set(read("finance", came, d=district)))


def every_child_went_home(read: Read, district: UUID) -> list[Any]:
    """INV-ATT-02: after the last session no child is in anybody's care."""
    sql = (
        "SELECT pupil_id, state FROM custody_chains WHERE district_id = :d AND state NOT IN ('RELEASED', 'WITH_CLASS')"
    )
    return read("attendance", sql, d=district)


def exited_providers_left_nothing(read: Read, district: UUID) -> list[Any]:
    """INV-VET-08: of a provider that has left nothing is offered, owed or on a roster."""
    exited = "SELECT id FROM providers WHERE district_id = :d AND state = 'EXITED'"
    gone = [row[0] for row in read("vetting", exited, d=district)]
    checks = (
        ("enrollment", "SELECT id FROM items WHERE provider_id = ANY(:p) AND state IN ('LISTED', 'SUSPENDED')"),
        ("finance", "SELECT id FROM provider_settlements WHERE provider_id = ANY(:p) AND state <> 'CLOSED'"),
        (
            "finance",
            "SELECT r.id FROM refunds r JOIN invoice_lines l ON l.invoice_id = r.invoice_id"
            " JOIN items i ON i.id = l.item_id"
            " WHERE i.provider_id = ANY(:p) AND r.state IN ('REQUESTED', 'CALCULATED', 'APPROVED')",
        ),
        (
            "vetting",
            "SELECT a.id FROM assignments a JOIN people s ON s.id = a.person_id"
            f" WHERE s.provider_id = ANY(:p) AND a.state = 'CONFIRMED' AND a.ends_at > {NOW}",
        ),
    )
    return [row for service, sql in checks for row in read(service, sql, p=gone)]


CHECKS: dict[str, Check] = {
    "INV-X-01": same_rosters,
    "INV-X-02": one_decision_per_withdrawal,
    "INV-X-03": paid_service_was_real,
    "INV-X-04": nobody_blocked_comes_near,
    "INV-X-05": subsidy_counts_attendance,
    "INV-X-08": events_arrived_once,
    "INV-FIN-01": ledger_balances,
    "INV-FIN-02": invoices_add_up,
    "INV-FIN-03": money_without_an_invoice_goes_back,
    "INV-FIN-08": no_more_goes_back_than_came,
    "INV-FIN-20": callbacks_count_once,
    "INV-ATT-02": every_child_went_home,
    "INV-VET-08": exited_providers_left_nothing,
}

"""What families and the office do about places and money."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import event

from services.finance.payments.rules import sign
from tests.client import Client
from tests.properties.living import A, E, F, Living
from tests.stories.plots import HEBI

COLLECTABLE = ("ISSUED", "PART_PAID", "OVERDUE")

ALTERED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "as it was": lambda word: {},
    "forged": lambda word: {"amount_fen": 1},
    "other amount": lambda word: {"amount_fen": word["amount_fen"] + 1},
    "other account": lambda word: {"payee_account": "6222"},
    "paid twice": lambda word: {"transaction_id": f"{word['transaction_id']}-2"},
}
"""What a word says otherwise than the gateway's first; all but the forged one are signed."""
WAYS = (*["as it was"] * 4, *ALTERED)
DECISIONS = ("approve", "approve", "reject")


class Families(Living):
    """Applications, payments, waivers, refunds, pay."""

    def enroll(self) -> None:
        """The next of the steps from an application to a place in the group, for one of the newcomers."""
        pupil = self.chance.choice(self.newcomers)
        done = self.progress.get(pupil, 0)
        parent, office = self.stage.as_("guardian", person=self.school.guardian_of[pupil]), self.at("academic_affairs")
        mine = {"application_ids": [self.made.get(pupil)]}
        sections = dict.fromkeys(("school", "guardian", "instructor", "pupil"), "权利与义务")
        ways: tuple[tuple[Client, str, Any], ...] = (
            (parent, "applications", self._wish(pupil)),
            (self.at("class_teacher", self.school.teacher), "applications/class-review", mine),
            (
                self.at("leadership_member", self.school.other),
                "applications/school-review",
                mine | {"decision": "approve"},
            ),
            (office, "agreements", mine | {"sections": sections}),
            (parent, f"agreements/{self.made.get(f'agreement {pupil}')}/sign", None),
            (
                self.at("principal", self.school.principal),
                "agreements/countersign",
                {"agreement_ids": [self.made.get(f"agreement {pupil}")]},
            ),
            (office, "participations", {"window_id": self.school.window}),
            (office, f"groups/{self.school.group}/add-members", {"participation_ids": [self.made.get(pupil)]}),
        )
        if done < len(ways):
            client, path, body = ways[done]
            self._note(pupil, done, self.ask(client, f"{E}/{path}", body))

    def _wish(self, pupil: str) -> dict[str, Any]:
        return {"window_id": self.school.window, "pupil_id": pupil, "item_ids": [self.school.item]}

    def _note(self, pupil: str, done: int, answer: Any) -> None:
        if answer is not None:
            self.progress[pupil] = done + 1
        if answer and done == 0:
            self.made[pupil] = answer["id"]
        if answer and done == 3:
            self.made[f"agreement {pupil}"] = answer["items"][0]["id"]

    def withdraw(self) -> None:
        pupil = self.chance.choice((self.pupil(), *self.debtors))
        found = self.at("academic_affairs").all(f"{E}/participations", pupil_id=pupil)
        if found:
            on = self.stage.first_day + timedelta(days=self.day + self.chance.choice((0, 1, 2)))
            parent = self.stage.as_("guardian", person=self.school.guardian_of[pupil])
            self.ask(parent, f"{E}/participations/{found[0]['id']}/withdraw", {"effective_on": on})

    def pay(self) -> None:
        """A guardian starts to pay, mostly what is owed; the gateway's word comes at once or later."""
        invoices = self.at("accountant").all(f"{F}/invoices", school_id=self.school.id)
        owed = [one for one in invoices if one["state"] in COLLECTABLE and self.chance.random() < 0.9]
        invoice = self.chance.choice(owed or invoices)
        parent = self.stage.as_("guardian", person=self.school.guardian_of[invoice["pupil_id"]])
        payment = self.ask(parent, f"{F}/payments", {"invoice_id": invoice["id"]})
        event(f"payment {'refused' if payment is None else 'started'}, invoice {invoice['state']}")
        if payment is None:
            return
        word = {name: payment[name] for name in ("district_id", "amount_fen", "payee_account")}
        ids = {"payment_id": payment["id"], "transaction_id": f"gateway-{payment['id']}"}
        self.words.append(word | ids)
        if self.chance.random() < 0.3:
            self.hear_gateway()

    def hear_gateway(self) -> None:
        """Some words of the gateway, each for the first time or again, and in any of the ways."""
        for _ in range(3 if self.words else 0):
            self._hear(self.chance.choice((self.words[-1], *self.words)), self.chance.choice(WAYS))

    def hear_all(self) -> None:
        """The gateway says everything again, however late it is."""
        for word in self.words:
            self._hear(word, "as it was")

    def _hear(self, word: dict[str, Any], way: str) -> None:
        """What the gateway signed counts once and as it was first told, and nothing else does."""
        told = word | ALTERED[way](word)
        body = json.dumps(told).encode()
        signed = json.dumps(word).encode() if way == "forged" else body
        headers = {"X-Signature": sign(self.stage.callback_key, signed), "Content-Type": "application/json"}
        known, before = self.came.get(told["transaction_id"]), self._invoice_of(word["payment_id"])
        reply = self.world.http.post(f"{F}/payment-callbacks", content=body, headers=headers)
        wanted = 200
        if way == "forged":
            wanted = 401
        elif way == "other account" or known not in (None, told["amount_fen"]):
            wanted = 409
        else:
            self.came[told["transaction_id"]] = told["amount_fen"]
        when = "first" if known is None else "again"
        event(f"word {way}, {when}, invoice {before} to {self._invoice_of(word['payment_id'])}: {wanted}")
        assert reply.status_code == wanted, reply.text

    def _invoice_of(self, payment: str) -> str:
        sql = "SELECT i.state FROM invoices i JOIN payments p ON p.invoice_id = i.id WHERE p.id = :p"
        return str(self.world.read("finance", sql, p=payment)[0][0])

    def take_back(self) -> None:
        """The office takes an invoice back that is owed, if there is one; a guardian may be paying it."""
        accountant = self.at("accountant")
        invoices = accountant.all(f"{F}/invoices", school_id=self.school.id)
        invoice = self.chance.choice([one for one in invoices if one["state"] in COLLECTABLE] or invoices)
        done = self.ask(accountant, f"{F}/invoices/{invoice['id']}/void")
        event(f"invoice {invoice['state']} taken back: {done is not None}")

    def waive(self) -> None:
        days = {"starts_on": self.stage.first_day - timedelta(days=30), "ends_on": self.stage.first_day}
        row = {"pupil_id": self.pupil(), "basis": "SUBSISTENCE_ALLOWANCE", **days}
        self.ask(self.stage.as_("district_admin"), f"{F}/waivers/import", {"document_no": "鹤民1号", "rows": [row]})

    def ask_back(self) -> None:
        """The office finds that a family was overcharged."""
        invoices = self.at("accountant").all(f"{F}/invoices", school_id=self.school.id)
        wanted = {"invoice_id": self.chance.choice(invoices)["id"], "cause": "OVERCHARGE", "reason": "多收"}
        event(f"refund requested: {self.ask(self.at('accountant'), f'{F}/refunds', wanted) is not None}")

    def refund(self) -> None:
        """The next step of every refund that is on its way."""
        for refund in self.at("accountant").all(f"{F}/refunds", school_id=self.school.id):
            principal, says = self.at("principal", self.school.principal), self.chance.choice(DECISIONS)
            fen = self.chance.choice((0, 1, HEBI.fee_fen))
            steps: dict[str, tuple[Client, str, Any]] = {
                "REQUESTED": (self.at("accountant"), "calculate", {"amount_fen": fen}),
                "CALCULATED": (principal, says, {"reason": "不符"} if says == "reject" else None),
                "APPROVED": (self.at("cashier"), "pay", None),
                "PAID": (self.at("accountant"), "reconcile", None),
            }
            if refund["state"] in steps:
                client, verb, body = steps[refund["state"]]
                done = self.ask(client, f"{F}/refunds/{refund['id']}/{verb}", body)
                event(f"refund, {refund['cause']}: {verb} {'refused' if done is None else 'done'}")

    def pay_staff(self) -> None:
        """The next step of a pay run."""
        run = self.made.pop("run", None)
        if run is None:
            wanted = {
                "school_id": self.school.id,
                "term_id": self.term,
                "until": self.stage.first_day + timedelta(days=9),
            }
            made = self.ask(self.at("accountant"), f"{F}/pay-runs", wanted)
            self.made |= {"run": made["id"]} if made else {}
            return
        self.ask(self.at("principal", self.school.principal), f"{F}/pay-runs/{run}/approve")
        self.ask(self.at("cashier"), f"{F}/pay-runs/{run}/pay")

    def unpublish(self) -> None:
        (standard,) = self.at("accountant").all(f"{F}/fee-standards", school_id=self.school.id)
        for posted in self.at("accountant").all(f"{F}/fee-publications", standard_id=standard["id"]):
            self.ask(
                self.stage.as_("inspector"), f"{F}/fee-publications/{posted['id']}/invalidate", {"cause": "TAKEN_DOWN"}
            )

    def publish(self) -> None:
        (standard,) = self.at("accountant").all(f"{F}/fee-standards", school_id=self.school.id)
        contents = self.at("accountant").get(f"{F}/fee-standards/{standard['id']}")["posting"]
        board = {"standard_id": standard["id"], "photo_ref": "board-2", "place": "校门公示栏", "contents": contents}
        posted = self.ask(self.at("academic_affairs"), f"{F}/fee-publications", board)
        if posted:
            seen = {"contents": contents}
            self.ask(self.stage.as_("inspector"), f"{F}/fee-publications/{posted['id']}/verify", seen)
        self.ask(self.at("academic_affairs"), f"{E}/items/{self.school.item}/resume")

    def count(self) -> None:
        where = {"school_id": self.school.id, "term_id": self.term}
        self.ask(self.at("principal", self.school.principal), f"{A}/headcounts", where)

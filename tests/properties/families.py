"""What families and the office do about places and money."""

import json
from datetime import timedelta
from typing import Any

from services.finance.payments.rules import sign
from tests.client import Client
from tests.properties.living import A, E, F, Living
from tests.stories.plots import HEBI


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
        pupil = self.pupil()
        found = self.at("academic_affairs").all(f"{E}/participations", pupil_id=pupil)
        if found:
            on = self.stage.first_day + timedelta(days=self.day + self.chance.choice((0, 1, 2)))
            parent = self.stage.as_("guardian", person=self.school.guardian_of[pupil])
            self.ask(parent, f"{E}/participations/{found[0]['id']}/withdraw", {"effective_on": on})

    def pay(self) -> None:
        """A payment is started; its word comes at once, twice, altered, or late."""
        invoices = self.at("accountant").all(f"{F}/invoices", school_id=self.school.id)
        invoice = self.chance.choice([one for one in invoices if one["state"] == "ISSUED"] or invoices)
        parent = self.stage.as_("guardian", person=self.school.guardian_of[invoice["pupil_id"]])
        payment = self.ask(parent, f"{F}/payments", {"invoice_id": invoice["id"]})
        if payment is None:
            return
        word = {name: payment[name] for name in ("district_id", "amount_fen", "payee_account")}
        ids = {"payment_id": payment["id"], "transaction_id": f"gateway-{payment['id']}"}
        self.words.append(json.dumps(word | ids).encode())
        if self.chance.random() < 0.7:
            self.hear_gateway()

    def hear_gateway(self) -> None:
        """Some earlier word of the gateway, perhaps again, perhaps altered on the way."""
        if not self.words:
            return
        body = self.chance.choice(self.words)
        headers = {"X-Signature": sign(self.stage.callback_key, body), "Content-Type": "application/json"}
        altered = self.chance.random() < 0.2
        told = body.replace(str(HEBI.fee_fen).encode(), b"1") if altered else body
        reply = self.world.http.post(f"{F}/payment-callbacks", content=told, headers=headers)
        assert reply.status_code == (401 if told != body else 200), reply.text

    def waive(self) -> None:
        days = {"starts_on": self.stage.first_day - timedelta(days=30), "ends_on": self.stage.first_day}
        row = {"pupil_id": self.pupil(), "basis": "SUBSISTENCE_ALLOWANCE", **days}
        self.ask(self.stage.as_("district_admin"), f"{F}/waivers/import", {"document_no": "鹤民1号", "rows": [row]})

    def refund(self) -> None:
        """The next step of some refund."""
        found = self.at("accountant").all(f"{F}/refunds", school_id=self.school.id)
        if found:
            path = f"{F}/refunds/{self.chance.choice(found)['id']}"
            self.ask(self.at("principal", self.school.principal), f"{path}/approve")
            self.ask(self.at("cashier"), f"{path}/pay")

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

"""How a survey goes (E3), and whether the families were asked (G-CONSULT)."""

from collections.abc import Collection
from datetime import date

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

SURVEY = Machine("意向调查 survey", "DRAFT", {("DRAFT", "send"): "OPEN", ("OPEN", "close"): "CLOSED"})


def need_closable(closes_on: date, today: date, waiting: int) -> None:
    """Families have until the day that they were told, unless everybody answered."""
    if waiting and today < closes_on:
        raise Refused("survey_still_running", waiting=waiting, closes_on=closes_on.isoformat())


def g_consult(closed: Collection[bool], policy: Policy) -> None:
    """G-CONSULT: a survey of the school's term is closed and, where the profile asks, was sent to every pupil.

    `closed` tells of each closed survey whether it was sent to all.
    """
    to_all = policy.value("survey_all_pupils")
    if not closed and (to_all or policy.value("consultation")):
        raise Refused("consultation_missing", gate="G-CONSULT", clauses=policy.clauses("consultation"))
    if to_all and not any(closed):
        raise Refused("survey_not_sent_to_all", gate="G-CONSULT", clauses=policy.clauses("survey_all_pupils"))

"""What a calendar must be."""

from collections.abc import Collection
from datetime import date

from shared.refusals import Invalid


def need_days(starts_on: date, ends_on: date, school_days: Collection[date]) -> None:
    """Raise Invalid unless the term has a school day and every one of them lies in it."""
    if ends_on < starts_on:
        raise Invalid({"ends_on": "before_start"})
    if not school_days or any(not starts_on <= day <= ends_on for day in school_days):
        raise Invalid({"school_days": "outside_the_term"})

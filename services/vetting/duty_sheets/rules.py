"""Who puts their name to which duty sheet."""

from uuid import UUID

from shared.refusals import Refused


def need_in_force(sheet_id: UUID, newest_id: UUID) -> None:
    """A sheet that another took the place of is signed by nobody any more."""
    if sheet_id != newest_id:
        raise Refused("duty_sheet_replaced")


def need_concerned(is_concerned: bool, category: str) -> None:
    """Only whoever serves at the school in the category of the sheet signs it."""
    if not is_concerned:
        raise Refused("duty_sheet_of_others", category=category)

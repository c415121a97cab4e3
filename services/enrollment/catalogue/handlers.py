"""What the catalogue does when a fee is published or withdrawn."""

from services.enrollment.catalogue import commands
from shared.contracts.finance import FeePublicationInvalidated, FeePublicationVerified
from shared.messaging.work import Work


def keep_verified_publication(work: Work, verified: FeePublicationVerified) -> None:
    """Items may be listed with their fee."""
    commands.keep_publication(work, verified.school_id, verified.publication_id, verified.item_ids, is_verified=True)


def suspend_unpublished_items(work: Work, invalidated: FeePublicationInvalidated) -> None:
    """No sign-up to an item whose fee is not public any more (INV-ENR-13)."""
    commands.keep_publication(
        work, invalidated.school_id, invalidated.publication_id, invalidated.item_ids, is_verified=False
    )

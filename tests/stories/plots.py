"""What tells the terms of the plans apart besides their profiles: hours and days, prices, and acts of their own.

Everything that a profile decides (who reviews, who files, what is signed, what a notice holds) the story reads from the
profile that the district published.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from tests.stories.acts import Act
from tests.stories.club import ProviderClub
from tests.stories.segments import Segments

WEEK = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Offer:
    """When one school's service is held, and in which segment; it lasts an hour."""

    segment: str
    starts: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One plan's term. Days count from the Monday of the term's first week."""

    base: str
    offers: tuple[Offer, Offer, Offer]
    """One after the other through an afternoon, the last school first, so that one teacher can serve at all three."""
    too_late: tuple[str, str]
    """Hours of an item that the profile refuses."""
    days: tuple[int, ...] = WEEK
    other_school_days: tuple[int, ...] = ()
    fee_fen: int = 5_000
    """0: the service is free."""
    waived_percent: int = 100
    pay_from: str = "SERVICE_FEE"
    subsidy_fen: int = 2_000
    uplift_bp: int = 0
    """For the first school, which is remote."""
    acts: tuple[type[Act], ...] = ()
    refused: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """What is tried in vain, with the gate that refuses and a clause that it cites."""


HEBI = Plot(
    base="p5-hebi",
    offers=(Offer("service", (17, 0)), Offer("service", (15, 45)), Offer("service", (14, 30))),
    too_late=("17:00", "19:10"),
    refused={
        "clear a teacher before the checks are in": ("G-CLEAR", "EXT-2020-14"),
        "an item that ends too late": ("G-TIME", "P5-3.2.3"),
        "open the window before the plan is on file": ("G-FILE", "P5-3.4.0.2"),
        "a notice that leaves something out": ("G-NOTICE", "P5-2.3.2"),
        "the school decides before the class has reviewed": ("G-CHAIN", "P5-3.4.0.1"),
        "turn a child away for want of places": ("G-NOREFUSE", "P5-2.3.5"),
        "relieve a needy family of a part only": ("G-WAIVE", "P5-2.4.3"),
        "assign somebody without a contract here": ("G-CLEAR", "P5-3.5.6"),
        "activate the plan before the safety systems stand": ("G-READY", "P5-4.3.2"),
        "let in a teacher who is not on the roster": ("G-STAFFED", "S3"),
        "hand over with a wrong headcount": ("G-HANDOVER", "P5-4.3.4"),
        "release a child to an adult who is not authorised": ("G-HANDOVER", "EXT-23-31"),
        "pass the gate without a pass": ("G-GATE", "P5-4.3.3"),
        "let the blocked teacher in": ("G-CLEAR", "P5-3.5.8"),
        "pay before anybody approved": (None, None),
        "spend the service's money on management": ("G-SPEND", "P5-4.2.9"),
    },
)

ANHUI = Plot(
    base="p2-anhui",
    offers=(Offer("service", (17, 0)), Offer("service", (15, 45)), Offer("service", (14, 30))),
    too_late=("17:00", "18:10"),
    waived_percent=60,
    pay_from="FISCAL_SUBSIDY",
    subsidy_fen=50_000,
    uplift_bp=2_000,
    acts=(ProviderClub,),
    refused={
        "clear a teacher before the checks are in": ("G-CLEAR", "EXT-2020-14"),
        "an item that ends too late": ("G-TIME", "P2-3.1.4"),
        "open the window before the plan is on file": ("G-FILE", "P2-3.3.4"),
        "a notice that leaves something out": ("G-NOTICE", "P2-3.3.6"),
        "let a provider offer tutoring": ("G-PROVIDER", "P2-5.2.13"),
        "whitelist a provider before its days of publicity are over": ("G-PROVIDER", "SYS"),
        "contract a provider dearer than on the whitelist": ("G-PROVIDER", "EXT-2023-26"),
        "assign a coach of a provider without a contract": ("G-PROVIDER", "P2-5.2.4"),
        "open the club with the provider's coach alone": ("G-STAFFED", "SYS"),
        "assign somebody without a contract here": ("G-CLEAR", "P2-5.3.6"),
        "activate the plan before the safety systems stand": ("G-READY", "P2-2.4.1"),
        "let in a teacher who is not on the roster": ("G-STAFFED", "S3"),
        "hand over with a wrong headcount": ("G-HANDOVER", "P2-2.4.1"),
        "release a child to an adult who is not authorised": ("G-HANDOVER", "EXT-23-31"),
        "pass the gate without a pass": ("G-GATE", "P2-2.4.1"),
        "let the blocked teacher in": ("G-CLEAR", "P2-5.4.6"),
        "claim more than the cap for every child": ("G-SUBCAP", "P2-4.3.7"),
        "claim the uplift without the document on the remote school": ("G-SUBCAP", "Q5"),
        "pay before anybody approved": (None, None),
        "spend the service's money on management": ("G-SPEND", "P2-4.4.11"),
    },
)

SHANGHAI = Plot(
    base="p3-shanghai",
    offers=(Offer("extended", (16, 20)), Offer("ordinary", (15, 0)), Offer("ordinary", (13, 50))),
    too_late=("16:20", "18:10"),
    days=(7, 8, 9, 14, 15),
    other_school_days=(0, 1),
    fee_fen=0,
    pay_from="FISCAL_SUBSIDY",
    subsidy_fen=20_000,
    acts=(Segments,),
    refused={
        "clear a teacher before the checks are in": ("G-CLEAR", "EXT-2020-14"),
        "an item that ends too late": ("G-TIME", "P3-2.2.4"),
        "ordinary care after twenty past four": ("G-TIME", "P3-2.2.3"),
        "an exception to the latest end": ("G-TIME", "P3-2.2.4"),
        "a fee for the service": ("G-FEE", "P3-3.1.4"),
        "open the window before the plan is on file": ("G-FILE", "Q15"),
        "a notice that leaves something out": ("G-NOTICE", "P3-4.2.1"),
        "the school decides before the class has reviewed": ("G-CHAIN", "P3-2.2.14"),
        "hand in the form without the employer's stamp": ("G-ELIG", "P3-2.2.13"),
        "turn a family away without a reason of the profile": ("G-NOREFUSE", "P3-2.2.14"),
        "begin before the profile's week": ("G-TIME", "P3-2.2.9"),
        "a club in the second week": ("G-TIME", "P3-2.1.5"),
        "assign somebody without a contract here": ("G-CLEAR", "SYS"),
        "activate the plan before the safety systems stand": ("G-READY", "P3-3.2.2"),
        "let in a teacher who is not on the roster": ("G-STAFFED", "S3"),
        "hand over with a wrong headcount": ("G-HANDOVER", "P3-3.2.6"),
        "release a child to an adult who is not authorised": ("G-HANDOVER", "P3-3.2.6"),
        "pass the gate without a pass": ("G-GATE", "P3-3.2.2"),
        "let the blocked teacher in": ("G-CLEAR", "EXT-2018-ETHICS"),
        "close ad-hoc care before the child is fetched": ("G-HANDOVER", "P3-2.2.17"),
        "pay before anybody approved": (None, None),
        "spend the service's money on management": ("G-SPEND", "SYS"),
    },
)

PLOTS = {"P2": ANHUI, "P3": SHANGHAI, "P5": HEBI}


def term_of(plot: Plot, first_day: date) -> list[date]:
    """The school days of the term."""
    return sorted(date.fromordinal(first_day.toordinal() + day) for day in {*plot.days, *plot.other_school_days})

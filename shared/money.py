"""Money is integer fen (分). Nothing else in the system rounds."""

from collections.abc import Sequence


def split(amount_fen: int, weights: Sequence[int]) -> list[int]:
    """Shares of `amount_fen` in proportion to `weights`, adding up exactly; the earlier share takes the odd fen."""
    total = sum(weights)
    if total <= 0:
        raise ValueError("weights must add up to more than zero")
    shares = [amount_fen * weight // total for weight in weights]
    for index in range(amount_fen - sum(shares)):
        shares[index] += 1
    return shares


def prorate(amount_fen: int, part: int, whole: int) -> int:
    """`amount_fen * part / whole`, rounded down to a fen; callers choose whose favor by choosing the part."""
    return amount_fen * part // whole


def yuan(amount_fen: int) -> str:
    """For people: 12345 -> "123.45"."""
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"

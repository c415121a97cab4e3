"""Delivery: outbox → relay → broker or loopback → inbox. Its rules are messaging.md §0; it knows no business.

Correctness lives in the databases: the broker may lose, repeat or reorder, and what it did is seen (a gapless sequence
per partition) and repaired (catch-up from the publisher's outbox).
"""

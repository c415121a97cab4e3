"""Compliance cases (违规处置): a breach of one of the ten prohibitions, from the first word to the sanction.

Whoever opened a case does not decide it. A confirmed case about a person becomes a conduct record, which is examined
and decided there; a provider whose qualification is revoked leaves at once (S12).
"""

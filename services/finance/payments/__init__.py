"""Payments (缴费): started by a guardian, confirmed by the gateway's signed word, which counts once.

A payment does not start without a verified publication. Money that comes all the same, or that no invoice can take any
more, is posted to suspense and a refund is opened; it is never dropped (INV-FIN-03, -20). Where
the publication is what is missing, a violation of a prohibition is said (S12).
"""

"""Publications (收费公示): a fee may be collected only while somebody else than the poster saw it posted as approved.

A publication that is not seen again in time, or that an inspector finds wrong, stops issuing and paying (S7).
"""

"""Billing (计费): from a confirmed participation to an issued invoice, once every gate on the way lets it pass.

A draft that a gate stops says which (`held_because`) and is tried again by whatever could open the gate. A family that
owes nothing never sees a demand: no basis, a free grade or a full waiver end the matter (S1).
"""

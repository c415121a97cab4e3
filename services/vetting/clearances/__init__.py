"""Clearances (准入): giving them, and what happens when one is taken away.

Suspending, blocking and expiring end every future assignment, revoke every pass and seek substitutes in the same
transaction, at every school of the district (INV-VET-01).
"""

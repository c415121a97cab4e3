"""Presence (人员到离岗): who of the staff is really there, and who may be let in at this very moment.

Whoever is not known to be cleared, by a copy of vetting's word that is fresh now, is not let in (architecture.md §5).
Which assignments hold follows from epochs alone, so that the events of vetting may come in any order: an assignment
is gone once a clearance was taken away at its epoch or a later one (S3, INV-VET-03).
"""

"""Custody (看护责任链): who keeps each child at this minute, from the class teacher's hand to the guardian's.

A child in care has exactly one keeper (INV-ATT-01): each passing on is one handover, written in the transaction that
changes the keeper. Nothing here asks for fresh news from elsewhere: a child is never locked out of care.
"""

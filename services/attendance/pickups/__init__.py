"""Pickups (接送授权与接领): who may fetch a child, and fetching it.

A verified guardian may, from the moment enrollment says so; anybody else is proposed by a guardian and verified by the
school. A denial wins over every permission of the same person. Whether somebody may take the child is decided in the
statement that lets it go, so that no revocation falls in between (INV-ATT-04), and needs no other service.
"""

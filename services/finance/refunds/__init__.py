"""Refunds (退费): one decision for each thing that asks for one, prepared, approved and paid by three people.

A withdrawal takes the undelivered part off the invoice at once, whether paid or not; what was paid beyond the rest is
the refund. Money that came without an invoice to take it goes back from suspense.
"""

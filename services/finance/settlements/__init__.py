"""Settlements (机构结算): a provider is paid for the sessions that were delivered, at the price of its contract.

From agency fees alone; each session once; calculated, agreed by the provider, approved and paid by different people.
"""

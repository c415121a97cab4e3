"""Providers (第三方机构): selected by the district in a round, whitelisted with prices, contracted by schools.

No school lets a provider's staff near children unless the provider is on the whitelist on that day, of a kind that the
school's profile allows, and under a contract for that content (G-PROVIDER).
"""

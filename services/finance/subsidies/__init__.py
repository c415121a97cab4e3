"""Subsidies (财政补贴): what the real headcount gives, by the district's decision and under the profile's cap."""

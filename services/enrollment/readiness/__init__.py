"""Readiness (开班准备): whether everything stands that the profile demands before the first session (G-READY).

What follows from it is here too: activating a plan, taking its filing back, closing it after its term. Vetting is
heard about people who lead, attendance about venues, safety and the archive.
"""

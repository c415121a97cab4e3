"""Readiness (开班准备): whether everything stands that the profile demands before the first session (G-READY).

The other services are heard here: vetting about people, attendance about venues, safety and the archive.
"""

"""Rosters (排班): which person serves in which session. Vetting alone assigns; attendance records who is really there.

Assigning and blocking both lock the person's row, so that whichever comes second sees the first (INV-VET-01, -02, -09).
"""

"""Violations (违规线索): somebody on the spot sees one of the ten prohibitions broken, as it seems, and writes it down.

Nothing is decided here and nothing written is changed: vetting hears of it and examines it as a compliance case.
"""

"""Imports (名录导入): the register, a OneRoster bundle, is staged, checked, previewed, and only then applied.

A broken bundle is refused whole; a row that is wrong is held back with its reason and the rest goes on (architecture.md
§12). The reading and judging of bundles is in `directory`; here is what becomes of one.
"""

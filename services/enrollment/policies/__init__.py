"""Policies (政策档案): the law as data. A district publishes a version, a base and its own overlay; nobody edits one.

The event carries the whole effective document, so that every service rules by the same numbers. A bound that holds in
principle (原则上) may be passed where an authority approved an exception (例外批准), and nowhere else.
"""

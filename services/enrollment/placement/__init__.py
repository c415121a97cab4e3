"""Placement (编班): participations (参加资格), the groups (活动班) that they are placed in, and the rolls (服务名册).

A roll is derived, never edited: who is active and in a confirmed group is on it, from a date on (INV-ENR-07). Whoever
changes a participation or a group calls the reconciliation, which says the difference.
"""

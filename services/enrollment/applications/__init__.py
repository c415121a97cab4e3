"""Applications (参加申请): a family's wish, on its way through the profile's chain of reviews.

Nobody takes part whom no guardian applied for (G-VOLUNTARY). Who reviews, in which order, is data of the profile
(G-CHAIN), and no pupil is refused but for a reason that the profile names (G-NOREFUSE).
"""

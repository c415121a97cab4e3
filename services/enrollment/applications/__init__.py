"""Applications (参加申请) and the windows (报名期) in which families make them.

Nobody takes part whom no guardian applied for (G-VOLUNTARY). Who reviews, in which order, is data of the profile
(G-CHAIN), and no pupil is refused but for a reason that the profile names (G-NOREFUSE).
"""

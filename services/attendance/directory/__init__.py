"""Directory (名录): the copies of what enrollment says of pupils, classes, guardians, groups and rolls, and of whom
vetting names duty leader. Nothing is decided here, and the newest word of a subject wins in any order.

Events bring ids alone. What people are called (姓名) is pulled from enrollment's directory and kept sealed, so that the
people at the door can read it with enrollment away; each reading is logged.
"""

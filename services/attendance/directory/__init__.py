"""Directory (名录): the copies of what enrollment says of pupils, classes, guardians, groups and rolls, and of whom
vetting names duty leader. Ids alone; nothing is decided here, and the newest word of a subject wins in any order.
"""

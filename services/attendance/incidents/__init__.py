"""Incidents (安全事件): children came to harm, or nearly. Their guardians are told in time, and of a serious one the
authority; somebody looks into it, and somebody else closes it.

What is said of whom is sealed. A guardian sees that there was an incident with their own child, and how it goes.
"""

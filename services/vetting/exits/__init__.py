"""Exits (退出): how a provider leaves the district, or one school, and what goes with it.

From the day on which an exit takes effect no session has the provider's staff, and its contracts are ended. The exit is
complete when enrollment lists nothing of it, finance has settled every delivered session, and no refund is open (S4).
"""

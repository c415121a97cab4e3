"""Ad-hoc care (临时看护): a guardian cannot come in time today, and the class teacher keeps the child. Never a fee.

It ends when the child is handed over, and is closed once care, handover and talk with the parent are on record.
"""

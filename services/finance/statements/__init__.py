"""Term statements (学期收支公示): a fold of the ledger that anyone can add up, and in which each family finds its line.

Published, it is public data without any name: one salted hash with its amount per receipt. The next term's invoices
wait for it (G-STMT).
"""

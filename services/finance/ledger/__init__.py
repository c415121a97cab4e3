"""The ledger (专户账): double entry, one set of books for each school and term, ring-fenced by source of money.

Postings and entries are append-only, and the database itself refuses a posting that does not add up to zero. Nothing
else holds an amount that counts: what a family owes, what an account holds and what a statement says are folds.
"""

"""Reviews (复查): what a person who may not serve is told in writing, and their right to have it looked at again.

A notice is owed by the transaction that blocks or keeps a hit (`clearances`). While a review is open the person stays
blocked; an overturned decision opens the way to a new review for clearance and gives nothing back by itself.
"""

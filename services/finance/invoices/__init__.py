"""Invoices (账单): one for each participation and kind of fee; what becomes of them, and who may see them."""

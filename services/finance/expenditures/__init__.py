"""Expenditures (支出): what the earmarked money may be spent on beside pay and refunds, and nothing else (G-SPEND)."""

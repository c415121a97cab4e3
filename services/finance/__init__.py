"""Finance (经费服务): which fees may be charged, who owes or gets what, and where every fen went."""

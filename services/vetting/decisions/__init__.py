"""Who decided what about a person's record, a provider or a case, and on which evidence; kept for ever (INV-VET-15)."""

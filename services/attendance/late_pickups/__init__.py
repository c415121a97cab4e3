"""Late pickups (逾时未接): a child waits too long, and step by step more people become responsible. Never a fee."""

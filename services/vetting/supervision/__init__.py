"""What a district looks at: whether each school's people are fit, and its sessions staffed (行为监督)."""

"""Plans (课后服务工作方案): what a school does in a term, on file before a family may apply (G-FILE)."""

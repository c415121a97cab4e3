"""What is counted: how much each person served in a term (服务工作量), and how each school stands (行为监督)."""

"""What is counted: how much each person served in a term (服务工作量); school by school, who is fit and what nobody leads
(行为监督).
"""

"""Service records (服务工作量): how much each person served in a term, for flexible hours, titles, awards and pay."""

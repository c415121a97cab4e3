"""Fee standards (收费标准): what may be charged for which items, on which costs, approved by whom."""

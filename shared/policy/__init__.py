"""The law as data (政策档案): every number and every list that a rule uses, and the clause that it comes from.

`effective` lays a plan over the defaults and a district's overlay over both; rules ask the resulting `Policy` for
values and for the clauses to cite. The gates that two services share are in `shared.policy.gates`.
"""

from shared.policy.cite import Clause, cite
from shared.policy.document import Policy, flatten
from shared.policy.load import base_names, check, diff, effective, load_base

__all__ = ["Clause", "Policy", "base_names", "check", "cite", "diff", "effective", "flatten", "load_base"]

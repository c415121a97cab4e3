"""How a profile goes (E1)."""

from shared.states import Machine

POLICY_PROFILE = Machine(
    "政策档案 policy profile",
    "DRAFT",
    {("DRAFT", "publish"): "PUBLISHED", ("PUBLISHED", "supersede"): "SUPERSEDED"},
)

"""Conduct (师德与不良记录): what was said about a person, what was found, and for how long it keeps the person away."""

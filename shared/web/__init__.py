"""The HTTP door: who is calling and what they may do, how a refusal looks, and what every service's API shares."""

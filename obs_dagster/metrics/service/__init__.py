"""Service health: how much was predicted, how fast, and how often it failed."""

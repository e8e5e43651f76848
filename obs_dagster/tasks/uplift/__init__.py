"""Models of what a treatment does to somebody: who is persuaded by it."""

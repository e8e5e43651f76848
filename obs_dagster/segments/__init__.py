"""Where a model is wrong more often than elsewhere, and what a change of its numbers is made of."""

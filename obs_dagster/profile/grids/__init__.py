"""Grids: how values become bins, fitted to the baseline once, so that profiles of all days add up."""

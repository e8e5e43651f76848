"""Evidently's pages of how right a model was: one file for each kind, which a task names."""

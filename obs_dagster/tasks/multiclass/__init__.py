"""Multiclass classification: one of several classes, with a score for each or without."""

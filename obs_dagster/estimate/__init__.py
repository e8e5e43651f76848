"""Performance before labels: what calibrated scores, or the errors of like predictions, say of a window."""

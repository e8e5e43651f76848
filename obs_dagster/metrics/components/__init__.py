"""Components of the system around a model, by the spans of its requests."""

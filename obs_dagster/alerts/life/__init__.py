"""The life of an alert beside its records: what people do about it, and who is told of what."""

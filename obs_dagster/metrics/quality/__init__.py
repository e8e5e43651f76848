"""Data quality in numbers: whether rows are sound, and how many there are."""

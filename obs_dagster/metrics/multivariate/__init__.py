"""Metrics of several columns at once, on bounded samples of rows: what no column tells by itself."""

"""Spans of requests: read by form and convention, and reduced to counts of components."""

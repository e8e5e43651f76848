"""Columns of type `text`."""

"""Columns of type `image`."""

"""Columns of type `embedding`."""

"""Writes what is measured on; each a program of its own."""

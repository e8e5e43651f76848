"""Erasure: an id removed from everything that nights have made of it."""

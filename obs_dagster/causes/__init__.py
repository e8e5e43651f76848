"""Causes across components: what began it, asked of the nights that there were."""

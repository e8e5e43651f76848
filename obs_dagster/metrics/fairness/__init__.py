"""How decisions differ between groups of people."""

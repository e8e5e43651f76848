"""Incidents: alerts that belong together, what is known of them, and what is learnt when they are closed."""

"""Real flights with default rules, undisturbed and with faults: how often they fire, and how soon."""

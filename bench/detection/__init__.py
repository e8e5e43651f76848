"""How soon faults are found: by the default rules, and by peers with their own, on the same days."""

"""How sure it is that something is news: beside how days differ, and within a budget of false alarms."""

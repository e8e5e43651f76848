"""What is kept no longer than the monitor says: found, removed, and told."""

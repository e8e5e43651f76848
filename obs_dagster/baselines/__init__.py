"""What versions are compared with: prepared, from training files or day by day, and kept."""

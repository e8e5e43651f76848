"""What rankings are measured by."""

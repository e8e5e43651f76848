"""What attributes of spans are called, one file for each convention."""

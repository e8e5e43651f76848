"""Where notifications go; one file per channel."""

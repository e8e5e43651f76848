"""Why models score as they do: one file for what is computed from the same input."""

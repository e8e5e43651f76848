"""Tables of files that have a log of their own: Delta Lake and Iceberg, read at one snapshot."""

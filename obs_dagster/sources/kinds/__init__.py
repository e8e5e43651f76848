"""Sources that are no files, one file each."""

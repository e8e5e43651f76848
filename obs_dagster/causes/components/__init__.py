"""The components of a night, one file each."""

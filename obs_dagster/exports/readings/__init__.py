"""What is read for samples, one file each."""

"""What is true of a version tonight, in facts and in words; how it is shown is for reports."""

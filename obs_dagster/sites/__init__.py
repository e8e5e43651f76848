"""What sites send in the place of rows: the files, their signatures, and what they come to together."""

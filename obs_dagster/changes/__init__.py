"""How a column's values differ from the baseline's, in the values' own terms, and what explains it."""

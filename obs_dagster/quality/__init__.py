"""The contract of a row, validated with Great Expectations; quarantine."""

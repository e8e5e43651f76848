"""The reduction of rows that DuckDB reads: a stream of batches, counted in compiled loops."""

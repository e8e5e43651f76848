"""Benchmarks, run by hand: `make bench`; docs/performance.md has the results."""

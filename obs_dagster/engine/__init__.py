"""The engines that read a lake's rows: DuckDB inside the process, or Spark."""

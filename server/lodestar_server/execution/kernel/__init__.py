"""The kernel: a typed plan becomes one DuckDB statement, its rows Arrow batches or JSON text."""

"""Functions in Python for what DuckDB cannot say exactly; one module per family, each entering `registry.PYTHON`."""

"""SQL/JSON in the kernel: JSON texts, paths compiled to closures, and the functions DuckDB calls."""

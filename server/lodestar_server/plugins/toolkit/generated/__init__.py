"""Tables of benchmarks that a program makes on demand: kept as Parquet, held in memory, or read as they are made."""

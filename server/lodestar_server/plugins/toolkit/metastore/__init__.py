"""Where databases, tables and partitions are kept."""

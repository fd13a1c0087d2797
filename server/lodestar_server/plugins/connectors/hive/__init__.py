"""Tables of the Hive world: metadata in a metastore, rows in files."""

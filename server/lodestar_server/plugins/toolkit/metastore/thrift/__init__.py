"""A Hive Metastore, asked by Thrift."""

"""Who knows the tables: what the connector asks of a catalog, and the kinds that are no metastore of Hive."""

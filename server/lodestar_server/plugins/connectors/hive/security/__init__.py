"""Access control of hive catalogs: hive.security."""

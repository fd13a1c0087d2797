"""Tables in Iceberg's format; see factory.py."""

"""Avro containers: schemas for tables, rows out of files and into them."""

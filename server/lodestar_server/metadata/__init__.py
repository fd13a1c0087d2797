"""Catalogs, transactions and the metadata facade that a statement asks."""

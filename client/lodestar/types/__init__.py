"""Trino's types and values in Python: wire text to values, values to literals, one module per family."""

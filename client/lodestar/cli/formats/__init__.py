"""Rows to text, one module per output format. Pure: rows and columns in, text out; who writes it is not known here."""

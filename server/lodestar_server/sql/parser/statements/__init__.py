"""The statements, one module per family; `parser.py` puts them together."""

"""Statements that are not plans, one module per family. Each command is a function of the statement and its context."""

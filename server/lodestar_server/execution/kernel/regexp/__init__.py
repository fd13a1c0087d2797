"""Regular expressions: Trino's dialect read once, written for whoever runs it."""

from lodestar_server.execution.kernel.regexp.parser import Pattern, PatternError, parse_pattern

__all__ = ["Pattern", "PatternError", "parse_pattern"]

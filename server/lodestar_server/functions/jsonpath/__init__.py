"""The SQL/JSON path language: its tree, and the parser that makes it."""

from __future__ import annotations

from lodestar_server.functions.jsonpath.parser import PathSyntaxError, parse_path

__all__ = ["PathSyntaxError", "parse_path"]

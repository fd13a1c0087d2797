"""Casts: one rule per pair of kinds of types, in a module per family."""

from lodestar_server.execution.kernel.lowering.casts import datetimes, json, nested, numbers, parsing, texts
from lodestar_server.execution.kernel.lowering.casts.registry import CastContext, cast_value, find_rule

__all__ = ["CastContext", "cast_value", "datetimes", "find_rule", "json", "nested", "numbers", "parsing", "texts"]

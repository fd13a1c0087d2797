"""Formats of one row per line: LazySimpleSerDe text, OpenCSVSerde, JsonSerDe and its lenient cousin, RegexSerDe."""

"""The macros: DuckDB meanings that are too long to repeat, in the SQL files of `macros/`, one per family.

A statement that names a macro needs it, and what it needs itself, created on the DuckDB instance first. Names begin
with `trino_` and are found in the rendered text, so lowering a call is just writing its name. A macro repeats an
argument where it names it twice: pass simple values (`sql.let`) where that matters. Lambda parameters in a macro are
named after the macro, because DuckDB substitutes by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

_STATEMENT = re.compile(r"CREATE MACRO (trino_\w+)\(.*?;\n", re.DOTALL)
_REFERENCE = re.compile(r"\btrino_\w+")


@cache
def macro_definitions() -> dict[str, str]:
    """Macro name → CREATE statement."""
    found: dict[str, str] = {}
    folder = files(__package__) / "macros"
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        for match in _STATEMENT.finditer(entry.read_text(encoding="utf-8") + "\n"):
            if match.group(1) in found:
                raise ValueError(f"macro {match.group(1)} is defined twice")
            found[match.group(1)] = match.group(0).strip()
    return found


@cache
def _needs(name: str) -> tuple[str, ...]:
    text = macro_definitions().get(name, "")
    return tuple(dict.fromkeys(one for one in _REFERENCE.findall(text) if one != name))


def referenced_names(statement: str) -> frozenset[str]:
    """The words of a statement that may name a macro or a function of ours (some may stand in a literal)."""
    return frozenset(_REFERENCE.findall(statement))


def with_dependencies(names: Iterable[str]) -> Iterator[str]:
    """The names and everything their macros need, dependencies first."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        for needed in _needs(name):
            yield from visit(needed)
        yield name

    for name in names:
        yield from visit(name)

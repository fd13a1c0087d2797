"""Valid texts, one a line, every form of every rule at least once: what is accepted, and kept by the formatter."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "corpus_texts"


def list_expressions() -> list[str]:
    """Texts of expressions."""
    return _lines("expressions")


def list_types() -> list[str]:
    """Texts of types."""
    return _lines("types")


def list_statements() -> list[str]:
    """Texts of statements, queries included."""
    return _lines("queries") + _lines("statements")


def _lines(name: str) -> list[str]:
    return (_FOLDER / f"{name}.sql").read_text().splitlines()

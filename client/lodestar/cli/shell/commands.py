"""What a line of input is: a command of the shell, statements that have ended, or the beginning of one."""

from __future__ import annotations

from lodestar.cli.sql.statements import split_statements

COMMANDS = frozenset({"exit", "quit", "history", "help", "clear"})


def find_command(text: str) -> str | None:
    """The command of the shell that a text is; `;` behind it does no harm."""
    word = text.strip().rstrip("; \t\r\n").lower()
    return word if word in COMMANDS else None


def is_complete(text: str) -> bool:
    """Whether Enter ends the input instead of adding a line."""
    return not text.strip() or find_command(text) is not None or bool(split_statements(text, vertical=True).statements)


def prompt_text(schema: str | None) -> str:
    """`lodestar:schema> `."""
    return f"lodestar:{schema}> " if schema else "lodestar> "

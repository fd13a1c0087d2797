"""The texts of `--help` and of the shell's help."""

from __future__ import annotations

import textwrap

from lodestar.cli.options import OPTIONS, Option, Takes

_WIDTH = 80
_LEFT = 29

SHELL_HELP = """\
Supported commands:
QUIT
EXIT
CLEAR
HISTORY
EXPLAIN [ ( option [, ...] ) ] <query>
    options: FORMAT { TEXT | GRAPHVIZ | JSON }
             TYPE { LOGICAL | DISTRIBUTED | VALIDATE | IO }
DESCRIBE <table>
SHOW COLUMNS FROM <table>
SHOW FUNCTIONS
SHOW CATALOGS [LIKE <pattern>]
SHOW SCHEMAS [FROM <catalog>] [LIKE <pattern>]
SHOW TABLES [FROM <schema>] [LIKE <pattern>]
USE [<catalog>.]<schema>
A statement ends with ; or, to see each field on a line of its own, with \\G
"""


def usage() -> str:
    """What `--help` prints: the synopsis, then every option."""
    synopsis = textwrap.fill(
        " ".join([*map(_synopsis, OPTIONS), "[URL]"]),
        _WIDTH,
        initial_indent="lodestar ",
        subsequent_indent=" " * 9,
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines = [
        "Lodestar command line interface",
        "",
        "USAGE:",
        "",
        synopsis,
        "      [URL]".ljust(_LEFT) + "Server URL",
        "",
        "OPTIONS:",
    ]
    for option in OPTIONS:
        lines += _described(option)
    return "\n".join(lines) + "\n"


def _flag(option: Option) -> str:
    name = f"--[no-]{option.name}" if option.negatable else f"--{option.name}"
    return f"{name}=<{option.value}>" if option.takes is not Takes.NOTHING else name


def _synopsis(option: Option) -> str:
    return f"[{_flag(option)}]" + ("..." if option.takes is Takes.MANY else "")


def _described(option: Option) -> list[str]:
    short = f"-{option.short}, " if option.short else ""
    left = f"{short:>6}{_flag(option)}"
    about = textwrap.wrap(option.about, _WIDTH - _LEFT, subsequent_indent="  ")
    if len(left) + 1 > _LEFT:
        return [left, *(" " * _LEFT + line for line in about)]
    return [left.ljust(_LEFT) + about[0], *(" " * _LEFT + line for line in about[1:])]

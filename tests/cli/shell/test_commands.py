import pytest

from lodestar.cli.shell.commands import find_command, is_complete, prompt_text


@pytest.mark.parametrize(
    ("text", "command"),
    [("exit", "exit"), (" QUIT ; ", "quit"), ("help;", "help"), ("select 1;", None), ("exit now", None), ("", None)],
)
def test_commands(text, command):
    assert find_command(text) == command


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("", True),
        ("history", True),
        ("select 1", False),
        ("select 1;", True),
        ("select 1\\G", True),
        ("select ';", True),
        ("select ';'", False),
        ("create function f() returns int begin return 1;", False),
    ],
)
def test_complete(text, complete):
    assert is_complete(text) is complete


def test_prompt():
    assert (prompt_text(None), prompt_text("tiny")) == ("lodestar> ", "lodestar:tiny> ")

import io

import pytest

from lodestar.cli.failures import show_failure, show_query_failure, stack_lines
from lodestar.cli.terminal import Channel
from lodestar.errors import ProgrammingError


class Screen(io.StringIO):
    def isatty(self):
        return True


TEXT = "select 1\nfrom nope\nwhere x"


def shown(out, line, column, text=TEXT):
    fault = ProgrammingError("wrong", query_id="q1", error_code=1, line=line, column=column)
    show_query_failure(Channel(out), text, fault, debug=False)
    return out.getvalue()


def test_the_place_is_marked():
    assert shown(io.StringIO(), 2, 6) == "Query q1 failed: wrong\nLINE 2: from nope\n             ^\n\n"


def test_without_a_place():
    assert shown(io.StringIO(), None, None) == "Query q1 failed: wrong\n\n"
    assert shown(io.StringIO(), 9, 1) == "Query q1 failed: wrong\n\n"


@pytest.mark.parametrize(
    ("line", "column", "good", "bad"),
    [(2, 6, "select 1\nfrom ", "nope\nwhere x"), (3, 8, "select 1\nfrom nope\nwhere x", " <EOF>")],
)
def test_on_a_terminal_what_is_wrong_is_red(line, column, good, bad, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert shown(Screen(), line, column) == f"Query q1 failed: wrong\n\x1b[36m{good}\x1b[0m\x1b[31m{bad}\x1b[0m\n\n"


def test_other_failures_are_one_line():
    out = io.StringIO()
    show_failure(Channel(out), ValueError("broken"), debug=False)
    assert out.getvalue() == "broken\n"


def test_stacks_of_the_server():
    failure = {
        "type": "A",
        "message": "m",
        "stack": ["x(X.java:1)"],
        "cause": {"type": "B"},
        "suppressed": [{"type": "C"}],
    }
    assert list(stack_lines(failure)) == ["A: m", "\tat x(X.java:1)", "Suppressed: C", "Caused by: B"]

import pytest

from lodestar.cli.formats.width import cells, line_cells


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("plain", 5),
        ("tab\there", 7),
        ("中文", 4),
        ("é", 1),
        ("e\u0301", 1),
        ("\U0001f600", 2),
        ("\x1b[31mred\x1b[0m", 3),
        ("\u200bx", 1),
        ("가", 2),
        ("\u00a0", 1),
        ("\u0085", 0),
    ],
)
def test_cells(text, width):
    assert cells(text) == width


def test_the_widest_line_counts():
    assert line_cells("a\nabc\nab") == 3

import io

from lodestar.cli.terminal import Channel
from lodestar.cli.warnings import WarningsPrinter

ONE, TWO = {"message": "first"}, {"message": "second"}


def test_each_warning_is_shown_once():
    out = io.StringIO()
    printer = WarningsPrinter(Channel(out))
    printer.show([], before=True)
    printer.show([ONE], before=True)
    printer.show([ONE], behind=True)
    printer.show([ONE, TWO], before=True, behind=True)
    printer.show([ONE, TWO], before=True, behind=True)
    assert out.getvalue() == "\nWARNING: first\n\nWARNING: second\n\n"

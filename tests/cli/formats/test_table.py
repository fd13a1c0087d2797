"""Whole outputs of every format, as the official client prints them."""

import pytest
from tests.cli.formats.signatures import BIGINT, VARCHAR

from lodestar.cli.formats.table import make_printer
from lodestar.cli.formats.values import Column
from lodestar.cli.options import FORMATS

COLUMNS = [Column("id", BIGINT), Column("wide中", VARCHAR)]
ROWS = [[1, "a\nb"], [22, 'c,"d"\t\\|'], [333, None]]

OUTPUTS = {
    "CSV": '"1","a\nb"\n"22","c,""d""\t\\|"\n"333",""\n',
    "CSV_HEADER": '"id","wide中"\n"1","a\nb"\n"22","c,""d""\t\\|"\n"333",""\n',
    "CSV_UNQUOTED": '1,a\nb\n22,c,"d"\t\\|\n333,\n',
    "CSV_HEADER_UNQUOTED": 'id,wide中\n1,a\nb\n22,c,"d"\t\\|\n333,\n',
    "TSV": '1\ta\\nb\n22\tc,"d"\\t\\\\|\n333\t\n',
    "TSV_HEADER": 'id\twide中\n1\ta\\nb\n22\tc,"d"\\t\\\\|\n333\t\n',
    "JSON": '{"id":1,"wide中":"a\\nb"}\n{"id":22,"wide中":"c,\\"d\\"\\t\\\\|"}\n{"id":333,"wide中":null}\n',
    "ALIGNED": (
        " id  | wide中  \n"
        "-----+---------\n"
        "   1 | a      +\n"
        "     | b       \n"
        '  22 | c,"d"\t\\| \n'
        " 333 | NULL    \n"
        "(3 rows)\n"
    ),
    "VERTICAL": (
        "-[ RECORD 1 ]---\n"
        "id     | 1\n"
        "wide中 | a\n"
        "       | b\n"
        "-[ RECORD 2 ]---\n"
        "id     | 22\n"
        'wide中 | c,"d"\t\\|\n'
        "-[ RECORD 3 ]---\n"
        "id     | 333\n"
        "wide中 | NULL\n"
    ),
    "MARKDOWN": (
        '|  id | wide中    |\n| ---:| --------- |\n|   1 | a<br>b    |\n|  22 | c,"d"\t\\\\\\| |\n| 333 | NULL      |\n'
    ),
    "NULL": "",
}
EMPTY = {
    "CSV_HEADER": '"id","wide中"\n',
    "CSV_HEADER_UNQUOTED": "id,wide中\n",
    "TSV_HEADER": "id\twide中\n",
    "ALIGNED": " id | wide中 \n----+--------\n(0 rows)\n",
    "VERTICAL": "(no rows)\n",
    "MARKDOWN": "| id | wide中 |\n| --:| ------ |\n",
}


def printed(name, *portions, width=80):
    written = []
    printer = make_printer(name, COLUMNS, written.append, width)
    for number, rows in enumerate(portions, 1):
        printer.print_rows(rows, number == len(portions))
    printer.finish()
    return "".join(written)


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_rows(name):
    assert printed(name, ROWS) == OUTPUTS[name]


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"AUTO"}))
def test_no_rows(name):
    assert printed(name, []) == EMPTY.get(name, "")


@pytest.mark.parametrize("name", ["CSV_HEADER", "TSV_HEADER", "JSON"])
def test_portions_are_one_output(name):
    assert printed(name, ROWS[:1], ROWS[1:]) == OUTPUTS[name]


def test_every_portion_of_a_table_has_its_own_widths():
    assert printed("ALIGNED", ROWS[2:], [[1, "x"]]) == (
        " id  | wide中 \n-----+--------\n 333 | NULL   \n  1 | x      \n(2 rows)\n"
    )


def test_a_single_row_of_several_lines_is_not_marked():
    assert printed("ALIGNED", ROWS[:1]) == " id | wide中 \n----+--------\n  1 | a      \n    | b      \n(1 row)\n"


def test_auto_is_aligned_on_a_wide_screen_and_vertical_on_a_narrow_one():
    assert printed("AUTO", ROWS, width=14) == OUTPUTS["ALIGNED"]
    assert printed("AUTO", ROWS, width=13) == OUTPUTS["VERTICAL"]
    assert printed("AUTO", ROWS, width=0) == OUTPUTS["VERTICAL"]

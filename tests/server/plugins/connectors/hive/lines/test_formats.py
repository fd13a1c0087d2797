"""Whole files in text formats through the connector: answers of Trino for the same bytes."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive, visible_files

from lodestar_server.spi.connector import SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types.text import parse_type


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path)
    yield made
    made.connector.shutdown()


def definition(columns: str, form: str, **properties: Any) -> Any:
    typed = [(one.split(" ", 1)[0], parse_type(one.split(" ", 1)[1])) for one in columns.split("; ")]
    return table("default", "t", typed, format=form, **properties)


def read(
    harness: Harness, root: Path, form: str, columns: str, files: dict[str, bytes], **properties: Any
) -> list[tuple[Any, ...]]:
    directory = root / "files"
    directory.mkdir()
    for name, content in files.items():
        (directory / name).write_bytes(content)
    with harness.statement() as on:
        made = definition(columns, form, external_location="local:///files", **properties)
        on.metadata.create_table(on.session, made, SaveMode.FAIL)
    with harness.statement() as on:
        rows = on.rows("default", "t")
        assert len(on.rows("default", "t", [])) == len(rows)
        return rows


NESTED = "a array(integer); b map(varchar, integer); c row(x integer, y varchar); d array(array(varchar))"


def test_nested_text(harness: Harness, tmp_path: Path) -> None:
    content = (
        b"1\x022\x01k\x031\x02j\x032\x015\x02z\x01a\x03b\x02c\n"
        b"\x01\x01\x01\n"
        b"\\N\x01\\N\x01\\N\x01\\N\n"
        b"\\N\x021\x01k\x031\x02k\x032\x015\x02z\x02q\x01\x02\n"
        b"\x02\x01\\N\x031\x02m\x015\x01\\N\x02\x03\n"
        b"\x02x\x01k\x02\x031\x02z\x03\\N\x01\\N\x02\\N\x01\n"
    )
    assert read(harness, tmp_path, "TEXTFILE", NESTED, {"f": content}) == [
        ((1, 2), (("k", 1), ("j", 2)), (5, "z"), (("a", "b"), ("c",))),
        ((), (), (None, None), ()),
        (None, None, None, None),
        ((None, 1), (("k", 1),), (5, "z"), ((), ())),
        ((None, None), (("m", None),), (5, None), (None, ("", ""))),
        ((None, None), (("k", None), ("", 1), ("z", None)), (None, None), ()),
    ]


def test_escaped_text(harness: Harness, tmp_path: Path) -> None:
    content = b"a\\,b,1,w\\,v\nend\\\\,2,q\ntrail\\\nx\\ny,3,\\x\x02y\n\\N,4,\\N\n\\\\N,5,\\\\N\n"
    options = {"textfile_field_separator": ",", "textfile_field_separator_escape": "\\"}
    rows = read(harness, tmp_path, "TEXTFILE", "a varchar; b integer; c array(varchar)", {"f": content}, **options)
    assert rows == [
        ("a,b", 1, ("w,v",)),
        ("end\\", 2, ("q",)),
        ("trail\\", None, None),
        ("xny", 3, ("x", "y")),
        (None, 4, None),
        ("\\N", 5, ("\\N",)),
    ]


def test_null_format(harness: Harness, tmp_path: Path) -> None:
    rows = read(
        harness,
        tmp_path,
        "TEXTFILE",
        "a varchar; b integer; c array(varchar)",
        {"f": b"null\x01null\x01null\n\\N\x01\\N\x01a\x02null\n\x01\x01\n"},
        null_format="null",
    )
    assert rows == [(None, None, None), ("\\N", None, ("a", None)), ("", None, ())]


def test_headers_footers_and_compressed_files(harness: Harness, tmp_path: Path) -> None:
    files = {
        "f": b"h1\nh2\n1\n2\nfoot\n",
        "g": b"h1\n",
        "h": b"h1\nh2\nx",
        "i.gz": gzip.compress(b"h1\nh2\nz1\n") + gzip.compress(b"z2\nfoot"),
        "j.bz2": bz2.compress(b"h1\nh2\nu\nfoot\n"),
        "_k": b"hidden",
    }
    skipped = {"skip_header_line_count": 2, "skip_footer_line_count": 1}
    rows = read(harness, tmp_path, "TEXTFILE", "a varchar", files, **skipped)
    assert rows == [("1",), ("2",), ("z1",), ("z2",), ("u",)]


def test_broken_compression(harness: Harness, tmp_path: Path) -> None:
    with pytest.raises(LodestarError) as caught:
        read(harness, tmp_path, "TEXTFILE", "a varchar", {"f.gz": gzip.compress(b"abc" * 99)[:-9]})
    assert (caught.value.code.name, caught.value.message) == (
        "HIVE_CURSOR_ERROR",
        "Failed to read file at local:///files/f.gz",
    )


def test_csv(harness: Harness, tmp_path: Path) -> None:
    lines = {
        b"a,b,c": ("a", "b", "c"),
        b'"x,y","z""w",q': ("x,y", 'z"w', "q"),
        b'"a\\"b",c\\"d,e\\f': ('a"b', 'c"d', "ef"),
        b'"unterminated,b,c': (None, None, None),
        b"": (None, None, None),
        b',"",': ("", "", ""),
        b"a,b": ("a", "b", None),
        b"a,b,c,d": ("a", "b", "c"),
        b' a , "b" ,"c" ': (" a ", 'b" ', 'c" '),
        b'ab"cd"ef,x,y': ('abcd"ef', "x", "y"),
        b'"a"b,c,d': ("ab", "c", "d"),
        b'x,   "q q",z': ("x", "q q", "z"),
        b'x,"""",z': ("x", '"', "z"),
        b'x,""",z': ("x", None, None),
    }
    columns = "a varchar; b varchar; c varchar"
    assert read(harness, tmp_path, "CSV", columns, {"f": b"\n".join(lines) + b"\n"}) == list(lines.values())


def test_csv_with_other_characters(harness: Harness, tmp_path: Path) -> None:
    content = b"'x;y';'it\\'s'\n'a''b';c\n\\'x;y\nx\\;y\n"
    options = {"csv_separator": ";", "csv_quote": "'", "csv_escape": "\\"}
    rows = read(harness, tmp_path, "CSV", "a varchar; b varchar", {"f": content}, **options)
    assert rows == [("x;y", "it's"), ("a'b", "c"), (None, None), ("x", "y")]


JSON_COLUMNS = "a integer; b varchar; c double; d boolean"


def test_json(harness: Harness, tmp_path: Path) -> None:
    lines = {
        b'{"a":1,"b":"x","c":1.5,"d":true}': (1, "x", 1.5, True),
        b'{"A":2,"B":"y","C":2}': (2, "y", 2.0, None),
        b"{}": (None,) * 4,
        b'{"b":1.50,"d":"TRUE","a":1.5}': (1, "1.50", None, True),
        b'{"b":true,"d":1}': (None, "true", None, False),
        b'{"_col0":9,"_col1":"z"}': (9, "z", None, None),
        b'{"x":{"a":5},"a":1e2} trailing': (100, None, None, None),
        '  {"b":"\\u00e9\\n\\ud83d\\ude00ż"}'.encode(): (None, "é\n😀ż", None, None),
        b'{"c":1e400,"a":null}': (None, None, float("inf"), None),
    }
    rows = read(harness, tmp_path, "JSON", JSON_COLUMNS, {"f": b"\n".join(lines), "g": b'{"a":7}\n{"a":8}'})
    assert rows == [*lines.values(), (7, None, None, None), (8, None, None, None)]


@pytest.mark.parametrize(
    "line",
    [
        '{"a":3000000000}',
        '{"a":"7"}',
        '{"a":true}',
        '{"b":{}}',
        '{"b":[1]}',
        "[1]",
        '{"a":1',
        "{'a':1}",
        '{"a":NaN}',
        '{"a":01}',
        '{"b":"x\ty"}',
        '{"a":1,}',
        '{"c":"NaN"}',
        '{"a":1,"a":2}',
        '{"a":1}\n\n{"a":2}',
        "not json",
    ],
)
def test_malformed_json(harness: Harness, tmp_path: Path, line: str) -> None:
    with pytest.raises(LodestarError) as caught:
        read(harness, tmp_path, "JSON", JSON_COLUMNS, {"f": line.encode()})
    assert caught.value.code.name == "HIVE_CURSOR_ERROR"


def test_openx_json_forgives(harness: Harness, tmp_path: Path) -> None:
    lines = {
        b'{"a":1,"a":"2"}': (2, None, None, None),
        b'{"a":3000000000,"c":"NaN","b":{"x":1, "y":[1,2]}}': (None, '{"x":1,"y":[1,2]}', "NaN", None),
        b"not json": (None,) * 4,
        b"": (None,) * 4,
        b"{'a':1,b:1e5}": (1, "1E+5", None, None),
        b'{"a":true,"c":"x","d":"x"}': (None, None, None, False),
    }
    rows = read(harness, tmp_path, "OPENX_JSON", JSON_COLUMNS, {"f": b"\n".join(lines) + b"\n"})
    shown = [tuple("NaN" if one != one else one for one in row) for row in rows]
    assert shown == list(lines.values())


def test_nested_json(harness: Harness, tmp_path: Path) -> None:
    columns = "a array(integer); b map(varchar, integer); c row(x integer, y varchar); d map(integer, varchar)"
    lines = {
        b'{"a":[1,null],"b":{"k":1,"k":2},"c":{"X":1,"Y":"q"},"d":{"1":"a","01":"b"}}': (
            (1, None),
            (("k", 2),),
            (1, "q"),
            ((1, "b"),),
        ),
        b'{"a":[],"b":{},"c":{"_col0":5,"z":1}}': ((), (), (5, None), None),
    }
    assert read(harness, tmp_path, "JSON", columns, {"f": b"\n".join(lines)}) == list(lines.values())


def test_regex(harness: Harness, tmp_path: Path) -> None:
    lines = b"abc 12 1.55 20\nABC 40000 99999999 y\nno match at all here\n"
    columns = "a varchar(2); b smallint; c decimal(5,1); d char(3); e varchar"
    rows = read(
        harness,
        tmp_path,
        "REGEX",
        columns,
        {"f": lines},
        regex=r"([a-z]+) (\S+) (\S+) (\S*)",
        regex_case_insensitive=True,
    )
    assert rows == [("ab", 12, 16, "20", None), ("AB", None, None, "y", None), (None,) * 5]


ROWS = [
    (1, "a,\"b\\c'", 0.0001, 10**9, 19_782, b"\0\xff", (1, None), (("k", "x"), ("", None)), (7, "z")),
    (None, "", 1e7, -5, -735_518, b"", (), (), (None, None)),
    (None,) * 9,
]
TYPES = (
    "a bigint; b varchar; c double; d timestamp(3); e date; f varbinary; g array(integer); h map(varchar, varchar);"
    " i row(x integer, y varchar)"
)


@pytest.mark.parametrize("codec", ["NONE", "GZIP", "SNAPPY", "LZ4", "ZSTD"])
@pytest.mark.parametrize("form", ["TEXTFILE", "OPENX_JSON", "JSON"])
def test_written_and_read(harness: Harness, tmp_path: Path, form: str, codec: str) -> None:
    rows = [(*row[:3], None if row[3] is None else row[3] // 10**9 * 10**9, *row[4:]) for row in ROWS]
    if form == "JSON":  # its bytes are text
        rows = [(*row[:5], None if row[5] is None else b"text", *row[6:]) for row in rows]
    with harness.statement(compression_codec=codec) as on:
        on.create_with_rows(definition(TYPES, form), rows)
    with harness.statement() as on:
        assert on.rows("default", "t") == rows
    extensions = {"NONE": "", "GZIP": ".gz", "SNAPPY": ".snappy", "LZ4": ".lz4", "ZSTD": ".zst"}
    names = visible_files(tmp_path / "metastore" / "default" / "t")
    assert [Path(name).suffix for name in names] == [extensions[codec]]


def test_csv_written_and_read(harness: Harness) -> None:
    rows = [("a,b", 'it"s'), ("", "x\\y"), ("ż", "'")]
    options = {"csv_escape": "\\", "csv_quote": "'"}
    with harness.statement() as on:
        on.create_with_rows(definition("a varchar; b varchar", "CSV", **options), rows)
    with harness.statement() as on:
        assert on.rows("default", "t") == rows


def test_text_with_escapes_written_and_read(harness: Harness) -> None:
    rows = [("a|b\\", ("x\x02y", "|")), ("\x01", ())]
    options = {"textfile_field_separator": "|", "textfile_field_separator_escape": "\\"}
    with harness.statement() as on:
        on.create_with_rows(definition("a varchar; b array(varchar)", "TEXTFILE", **options), rows)
    with harness.statement() as on:
        assert on.rows("default", "t") == rows


def test_numbers_that_json_has_not(harness: Harness) -> None:
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        on.create_with_rows(definition("a double", "JSON"), [(float("inf"),)])
    assert (caught.value.code.name, caught.value.message) == (
        "HIVE_UNSERIALIZABLE_JSON_VALUE",
        "Invalid value to Insert: Infinity",
    )


def test_regex_tables_are_read_only(harness: Harness) -> None:
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        on.create_with_rows(definition("a varchar", "REGEX", regex="(.*)"), [("x",)])
    assert (caught.value.code.name, caught.value.message) == ("HIVE_WRITER_OPEN_ERROR", "REGEX format is read-only")


@pytest.mark.parametrize(
    ("form", "options", "content"),
    [
        ("CSV", {}, b'"a","b"\n"x",\n'),
        ("TEXTFILE", {"textfile_field_separator": ","}, b"a,b\nx,\\N\n"),
    ],
)
def test_a_line_of_names(harness: Harness, tmp_path: Path, form: str, options: dict[str, str], content: bytes) -> None:
    made = definition("a varchar; b varchar", form, skip_header_line_count=1, **options)
    with harness.statement(compression_codec="NONE") as on:
        on.create_with_rows(made, [("x", None)])
    (name,) = visible_files(tmp_path / "metastore" / "default" / "t")
    assert (tmp_path / "metastore" / "default" / "t" / name).read_bytes() == content
    with harness.statement() as on:
        assert on.rows("default", "t", ["a"]) == [("x",)]


@pytest.mark.parametrize(
    ("property_", "lines", "creating", "inserting"),
    [
        ("skip_header_line_count", 2, "value of skip.header.line.count property greater than 1 is", ""),
        ("skip_footer_line_count", 1, "value of skip.footer.line.count property greater than 0 is", "!"),
    ],
)
def test_lines_that_cannot_be_written(
    harness: Harness, property_: str, lines: int, creating: str, inserting: str
) -> None:
    made = definition("a varchar", "TEXTFILE", **{property_: lines})
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        on.create_with_rows(made, [("x",)])
    assert caught.value.message == f"Creating Hive table with data with {creating} not supported"
    with harness.statement() as on:
        on.metadata.create_table(on.session, made, SaveMode.FAIL)
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        on.insert("default", "t", [("x",)])
    wanted = "skip.footer.line.count property" if inserting else creating
    assert caught.value.message == f"Inserting into Hive table with {wanted} not supported"

"""Row 24: CSV by OpenCSV's rules: quotes, escapes, headers and footers, and nothing but text."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

from integration.lake.asking import Lake, data_files


def table(server: Lake, name: str, properties: str = "", columns: str = "a varchar, b varchar, c varchar") -> None:
    more = f", {properties}" if properties else ""
    server.run(
        f"CREATE TABLE hive.s.{name} ({columns}) WITH (format = 'CSV', external_location = 'local:///{name}'{more})"
    )


def test_quotes_and_escapes(local: tuple[Lake, Path]) -> None:
    server, files = local
    (files / "q").mkdir()
    (files / "q" / "f.csv").write_text(
        'plain,two words,3\n"quoted, with comma","he said ""hi""",\nback\\,slash,"in\\"side",x\nshort\nlong,2,3,4,5\n'
    )
    table(server, "q")
    assert sorted(server.run("SELECT * FROM hive.s.q"), key=str) == sorted(
        [
            ["plain", "two words", "3"],
            ["quoted, with comma", 'he said "hi"', ""],
            ["back", "slash", 'in"side'],
            ["short", None, None],
            ["long", "2", "3"],
        ],
        key=str,
    )


def test_other_characters(local: tuple[Lake, Path]) -> None:
    server, files = local
    (files / "o").mkdir()
    (files / "o" / "f.csv").write_text("a;'b;c';'~';d'\n")
    table(server, "o", "csv_separator = ';', csv_quote = '''', csv_escape = '~'")
    assert server.run("SELECT * FROM hive.s.o") == [["a", "b;c", "';d"]]
    name, message = server.fails("CREATE TABLE hive.s.bad (a varchar) WITH (format = 'CSV', csv_separator = ';;')")
    assert (name, message) == (
        "INVALID_TABLE_PROPERTY",
        "csv_separator must be a single character string, but was: ';;'",
    )


def test_headers_footers_and_compression(local: tuple[Lake, Path]) -> None:
    server, files = local
    (files / "h").mkdir()
    for number in (1, 2):
        text = f"name,of,columns\nr{number},b,c\nr{number + 10},b,c\nthe end\n"
        (files / "h" / f"f{number}.csv.gz").write_bytes(gzip.compress(text.encode()))
    table(server, "h", "skip_header_line_count = 1, skip_footer_line_count = 1")
    assert sorted(server.run("SELECT a FROM hive.s.h")) == [["r1"], ["r11"], ["r12"], ["r2"]]
    assert server.run("SELECT count(*) FROM hive.s.h") == [[4]]


def test_only_text(local: tuple[Lake, Path]) -> None:
    server, _ = local
    name, message = server.fails("CREATE TABLE hive.s.t (a varchar, b bigint) WITH (format = 'CSV')")
    assert name == "NOT_SUPPORTED"
    assert message == ("Hive CSV storage format only supports VARCHAR (unbounded). Unsupported columns: b bigint")


def test_what_we_write_others_read(local: tuple[Lake, Path]) -> None:
    server, files = local
    server.run("CREATE TABLE hive.s.t (a varchar, b varchar, c varchar) WITH (format = 'CSV')")
    server.run("""INSERT INTO hive.s.t VALUES ('x,y', 'say "hi"', ''), ('plain', 'ü€', '2')""")
    (path,) = data_files(files / "metastore" / "s" / "t")
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    rows = list(csv.reader(text.splitlines(), escapechar="\\", doublequote=True))
    assert rows == [["x,y", 'say "hi"', ""], ["plain", "ü€", "2"]]
    assert server.run("SELECT * FROM hive.s.t ORDER BY a") == [["plain", "ü€", "2"], ["x,y", 'say "hi"', ""]]

"""Calls that the kernel may answer by a shorter way, beside the same calls in a form in which it cannot.

A pattern or a base that is a column, or a JSON path with a variable, keeps the shorter way from being chosen.
"""

from __future__ import annotations

from random import Random

from integration.fuzz.literals import quoted

_NAMES = ("a", "b", "a b", "c")
_SCALARS = (
    "1", "0", "-0", "-7", "12345678901", "1.50", "1e5", "0.0001", "true", "null", '"x"', '""', '"1"', '"nan"', '"é😀"',
    '"\\u0061"', '"q\\"q"', '"[1"', '"{"', "NaN", "Infinity", "-inf", "05", "1.", '"a"',
)  # fmt: skip
_BLANKS = ("", "", "", " ", "  ", "\n", "\t")
_PATHS = ("$.a", "$.b", "$.a.b", '$."a b"', "$[0]", "$.a[0]", "$.a[1].b", "$.c.a.b")
_DATE_FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%i:%s", "%d/%m/%Y", "%d %b %Y", "%Y%m%d", "%e %M %Y %T", "%Y-%m-%d %H:%i", "%c/%d/%Y",
    "%Y-%m-%d %h:%i %p", "%y-%m-%d", "%Y-%m-%d %H:%i:%s.%f",
)  # fmt: skip
_JODA_FORMATS = (
    "yyyy-MM-dd",
    "yyyy-MM-dd HH:mm:ss",
    "dd/MM/yyyy",
    "dd MMM yyyy",
    "yyyyMMdd",
    "yyyy-MM-dd HH:mm:ss.SSS",
)
_TERADATA_FORMATS = ("yyyy-mm-dd", "yyyy/mm/dd hh24:mi:ss", "dd.mm.yyyy")
_DAYS = ("2024-02-29", "2023-02-29", "2024-2-9", "0024-02-09", "9999-12-31", "10000-01-01", "24-02-09", "29/02/2024")
_CLOCKS = ("", " 01:02:03", " 24:00:00", " 1:2:3", " 23:59:59.123", " 12:30 PM", "T01:02:03", " ", " 01:02")
_OTHER_DAYS = ("20240229", "9 Feb 2024", "09 Feb 2024", "9 February 2024 01:02:03", "2.9.2024", "2024/02/29 01:02:03")


def _json(random: Random, depth: int) -> str:
    blank = random.choice(_BLANKS)
    kind = random.random()
    if depth == 0 or kind < 0.4:
        return blank + random.choice(_SCALARS)
    parts = [_json(random, depth - 1) for _ in range(random.choice((0, 1, 2, 3)))]
    if random.random() < 0.05:
        parts.append("")
    if kind < 0.6:
        return f"{blank}[{','.join(parts)}{random.choice(_BLANKS)}]"
    members = [f'{random.choice(_BLANKS)}"{random.choice(_NAMES)}"{blank}:{part}' if part else "" for part in parts]
    return f"{{{','.join(members)}{blank}}}"


def _document(random: Random) -> str:
    made = _json(random, 3)
    if random.random() < 0.1:
        place = random.randrange(len(made) + 1)
        made = made[:place] + random.choice(("", "]", "}", '"', "x", ",")) + made[place + 1 :]
    return made


def _moment(random: Random) -> str:
    if random.random() < 0.2:
        return random.choice(_OTHER_DAYS)
    return random.choice(_DAYS) + random.choice(_CLOCKS)


def _of_json(random: Random) -> tuple[str, str]:
    path = random.choice(_PATHS)
    form = random.choice(
        (
            "json_exists(v, 'lax {}'{})",
            "json_value(v, 'lax {}'{})",
            "json_value(v, 'lax {}'{} DEFAULT 'e' ON EMPTY DEFAULT 'x' ON ERROR)",
            "json_value(v, 'lax {}'{} RETURNING bigint)",
            "json_value(v, 'lax {}'{} RETURNING integer DEFAULT -1 ON EMPTY DEFAULT -2 ON ERROR)",
            "json_query(v, 'lax {}'{})",
            "json_query(v, 'lax {}'{} WITH WRAPPER)",
            "json_query(v, 'lax {}'{} WITH CONDITIONAL WRAPPER EMPTY ARRAY ON EMPTY)",
            "json_extract(v, '{}')",
            "json_extract_scalar(v, '{}')",
            "json_size(v, '{}')",
        )
    )
    if "lax" in form:
        return form.format(path, ""), form.format(path, " PASSING 1 AS k")
    return form.format(path), form.replace("'{}'", "p").format()


def _of_dates(random: Random) -> tuple[str, str, str]:
    function, formats = random.choice(
        (
            ("date_parse(v, {})", _DATE_FORMATS),
            ("parse_datetime(v, {})", _JODA_FORMATS),
            ("to_date(v, {})", _TERADATA_FORMATS),
            ("to_timestamp(v, {})", _TERADATA_FORMATS),
            ("date_format(t, {})", _DATE_FORMATS),
            ("format_datetime(t, {})", _JODA_FORMATS),
            ("to_char(CAST(t AS timestamp with time zone), {})", _TERADATA_FORMATS),
        )
    )
    pattern = random.choice(formats)
    return function.format(quoted(pattern)), function.format("p"), pattern


_NUMBER_TEXTS = (
    "1.5",
    "1e2",
    "0x1F",
    "+7",
    " 8 ",
    "1_000",
    "-0",
    "007",
    "9223372036854775808",
    "",
    "-",
    "é1",
    "NaN",
    "1.",
)


def _number_text(random: Random) -> str:
    if random.random() < 0.3:
        return random.choice(_NUMBER_TEXTS)
    return str(random.choice((1, -1)) * random.randrange(10 ** random.randrange(1, 20)))


def _of_casts(random: Random) -> tuple[str, str]:
    """A blank, a sign, a letter of two bytes or a row as the state keep the shorter way from being chosen."""
    number = f"(x / {random.choice(('1e0', '7e0', '1e2', '1.5e7', '1e-3'))})"
    return random.choice(
        (
            ("CAST(v AS bigint)", "CAST(' ' || v AS bigint)"),
            ("CAST(v AS integer)", "CAST(v || ' ' AS integer)"),
            (f"CAST(abs({number}) AS varchar)", f"substr(CAST(-abs({number}) AS varchar), 2)"),
            ("hamming_distance(v, reverse(v))", "hamming_distance('é' || v, 'é' || reverse(v))"),
            (
                "reduce(ARRAY[x, NULL, 3], x, (s, y) -> s / 2 + coalesce(y, 1) % 7, s -> s)",
                "reduce(ARRAY[x, NULL, 3], ROW(x), (s, y) -> ROW(s[1] / 2 + coalesce(y, 1) % 7), s -> s[1])",
            ),
        )
    )


def shortcut_query(random: Random) -> str:
    """A query that gives the rows for which both forms of a call differ: none."""
    kind = random.choice(("json", "json", "dates", "dates", "numbers", "casts"))
    path = ""
    if kind == "json":
        short, long = _of_json(random)
        path = short.split("'")[1] if "lax" not in short else "$"
    elif kind == "dates":
        short, long, path = _of_dates(random)
    elif kind == "casts":
        short, long = _of_casts(random)
    else:
        path = random.choice(("%s|%d", "%d%%%s", "%s", "x%s%s"))
        if random.random() < 0.5:
            base = random.choice((2, 8, 10, 16, 36))
            short, long = f"to_base(x, {base})", f"to_base(x, {base} + 0 * r)"
        else:
            arguments = {"%s|%d": "v, x", "%d%%%s": "x, x > 3", "%s": "v", "x%s%s": "x, v"}[path]
            short, long = f"format({quoted(path)}, {arguments})", f"format(p, {arguments})"
    rows = []
    for _ in range(6):
        text = {"json": _document, "casts": _number_text}.get(kind, _moment)(random)
        value = quoted(text) if random.random() > 0.05 else "NULL"
        number = random.choice((0, 1, -1, 255, -(2**40), 2**63 - 1))
        moment = random.choice(("2024-02-29 13:02:03.004", "0012-01-01 00:00:00.000", "12024-12-31 23:59:59.999"))
        rows.append(f"(CAST({value} AS varchar), {quoted(path)}, BIGINT '{number}', TIMESTAMP '{moment}', 1)")
    table = f"(VALUES {', '.join(rows)}) u (v, q, x, t, r)"
    source = f"(SELECT v, q || substr(v, 1, 0) AS p, x, t, r FROM {table})"
    # A NULL text would make the pattern NULL, too.
    source = source.replace("q || substr(v, 1, 0)", "q || coalesce(substr(v, 1, 0), '')")
    return f"SELECT v, x, t, TRY({short}), TRY({long}) FROM {source} WHERE TRY({short}) IS DISTINCT FROM TRY({long})"

"""OpenCSVSerde: every value is text. Its parser has a mind of its own about quotes in the middle of a value.

Lines in which quotes are only around whole values are cut at once; the others go through the parser's steps.
Source: Trino's CSV deserializer, answers of Trino 476.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.lines.scalars import as_text
from lodestar_server.plugins.connectors.hive.lines.splitting import bytes_of, content_of, cut
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.values import frozen

_SEPARATOR, _QUOTE, _BACKSLASH = ",", '"', "\\"


@frozen
class CsvOptions:
    """One character each; NUL switches off. `reading` differs from `writing` in the escape."""

    separator: str = _SEPARATOR
    quote: str = _QUOTE
    reading_escape: str = _BACKSLASH
    writing_escape: str = _QUOTE

    @staticmethod
    def read(properties: Mapping[str, str]) -> CsvOptions:
        """From a table's parameters. Raises: NOT_SUPPORTED when two of them are the same."""
        separator = (properties.get("separatorChar") or _SEPARATOR)[0]
        quote = (properties.get("quoteChar") or _QUOTE)[0]
        escape = (properties.get("escapeChar") or "")[:1]
        reading = escape or _BACKSLASH
        if reading == _QUOTE:
            reading = _BACKSLASH
        made = CsvOptions(separator, quote, reading, escape or _QUOTE)
        same = separator in (quote, reading) or (quote == reading and quote != "\0")
        if same or separator == "\0":
            not_supported("CSV not supported")
        return made


class CsvDecoder:
    """Lines to the columns in some places."""

    def __init__(self, places: Sequence[int], options: CsvOptions) -> None:
        self._places = places
        self._options = options
        self._ascii = all(ord(one) < 128 for one in (options.separator, options.quote, options.reading_escape))
        s, q, e = (f"\\x{{{ord(one):02x}}}" for one in (options.separator, options.quote, options.reading_escape))
        value = f"(?:{q}[^{q}{e}]*{q}|[^{q}{s}{e}]*)"
        self._regular = f"(?s)^{value}(?:{s}{value})*$"

    def decode(self, lines: pa.Array) -> list[pa.Array]:
        """A column each."""
        empty = pc.equal(pc.binary_length(lines), 0)
        regular = (
            pc.match_substring_regex(lines, self._regular) if self._ascii else pc.equal(pc.binary_length(lines), -1)
        )
        odd = pc.invert(regular)
        strange = pc.any(odd).as_py()
        plain = pc.if_else(odd, pa.scalar(b"", pa.binary()), lines) if strange else lines
        data, offsets = bytes_of(plain)
        quotes = data == ord(self._options.quote) % 256
        cuts = data == ord(self._options.separator) % 256
        if quotes.any():
            # Regular lines close every quote, so that the count of quotes before a byte tells whether it is inside.
            cuts &= np.cumsum(quotes) % 2 == 0
        pieces = cut(data, offsets, cuts, dropped=quotes)
        columns = []
        wrong = np.flatnonzero(odd.to_numpy(zero_copy_only=False)) if strange else ()
        parsed = [self._parse(text) for text in as_text(lines.take(pa.array(wrong, pa.int64()))).to_pylist()]
        for place in self._places:
            column = pieces.at(place)
            if pc.any(empty).as_py():
                column = pc.if_else(empty, pa.scalar(None, pa.binary()), column)
            column = as_text(column)
            if strange:
                values = [row[place] if place < len(row) else None for row in parsed]
                column = pc.replace_with_mask(column, odd, pa.array(values, pa.string()))
            columns.append(column)
        return columns

    def _parse(self, line: str) -> list[str]:
        """The values of one line; one that a quote leaves open is dropped."""
        separator, quote, escape = self._options.separator, self._options.quote, self._options.reading_escape
        found: list[str] = []
        value: list[str] = []
        quoted = inside = False
        place, size = 0, len(line)
        wanted = max(self._places, default=-1) + 1
        while place < size and len(found) < wanted:
            mark = line[place]
            following = line[place + 1] if place + 1 < size else ""
            if mark == escape:
                if (quoted or inside) and following in (quote, escape) and following:
                    value.append(following)
                    place += 1
            elif mark == quote:
                if (quoted or inside) and following == quote:
                    value.append(following)
                    place += 1
                else:
                    if place > 2 and line[place - 1] != separator and following not in ("", separator):
                        # A quote in the middle of a value stands for itself, unless only blanks came before it.
                        if value and not "".join(value).strip():
                            value.clear()
                        else:
                            value.append(mark)
                    quoted = not quoted
                inside = not inside
            elif mark == separator and not quoted:
                found.append("".join(value))
                value.clear()
                inside = False
            else:
                value.append(mark)
                inside = True
            place += 1
        if len(found) < wanted and not quoted:
            found.append("".join(value))
        return found


class CsvEncoder:
    """Pages of varchar columns to lines: values in quotes, NULL as nothing."""

    def __init__(self, options: CsvOptions) -> None:
        self._options = options
        for one in (options.separator, options.quote, options.writing_escape):
            if ord(one) > 127:
                not_supported("CSV not supported")

    def encode(self, page: pa.RecordBatch) -> memoryview:
        """One line per row, LF included."""
        quote, separator = self._options.quote, self._options.separator
        columns = [self._safe(one) for one in page.columns]
        if any(column.null_count for column in columns):
            return self._with_nulls(columns)
        # The end of a line and the first quote of the next one are put behind the last value, so that a value is copied
        # once: the whole begins with a quote that is missing and ends with one too many.
        columns[-1] = pc.binary_join_element_wise(columns[-1], f"{quote}\n{quote}", "")
        first = pc.binary_join_element_wise("", columns[0].slice(0, 1), quote)
        columns[0] = pa.concat_arrays([first, columns[0].slice(1)])
        inside = pc.binary_join_element_wise(*columns, quote + separator + quote)
        return content_of(inside)[: -len(quote)]

    def _with_nulls(self, columns: Sequence[pa.Array]) -> memoryview:
        quote, parts, between = self._options.quote, [], ""
        for column in columns:
            mark = "" if column.null_count else quote
            text = column if mark else pc.binary_join_element_wise(quote, column, quote, "").fill_null("")
            parts += [between + mark, text]
            between = mark + self._options.separator
        parts.append(between.removesuffix(self._options.separator) + "\n")
        return content_of(pc.binary_join_element_wise(*parts, ""))

    def _safe(self, values: pa.Array) -> pa.Array:
        quote, escape = self._options.quote, self._options.writing_escape
        content = bytes_of(values)[0].tobytes()  # Both marks are ASCII: a byte like them is one of them.
        if not any(mark.encode() in content for mark in {quote, escape}):
            return values
        marks = "".join(sorted({re.escape(quote), re.escape(escape)}))
        back = escape.replace("\\", "\\\\")
        return pc.replace_substring_regex(values, pattern=f"([{marks}])", replacement=back + r"\1")

"""How many cells a text takes on a terminal, counted as the official client counts: per UTF-16 unit.

Characters above U+FFFF are two units and so two cells, which is what most of them (emoji) take.
"""

from __future__ import annotations

import re
from functools import cache

_ESCAPE_SEQUENCE = re.compile("\x1b\\[[0-9;]*[^0-9;]?")

# Controls, marks that join the letter before, and invisible characters.
_NO_CELL = """
0-1f 7f-9f 300-36f 483-486 488-489 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 600-603 610-615 64b-65e 670 6d6-6e4 6e7-6e8 6ea-6ed
70f 711 730-74a 7a6-7b0 7eb-7f3 901-902 93c 941-948 94d 951-954 962-963 981 9bc 9c1-9c4 9cd 9e2-9e3 a01-a02 a3c a41-a42
a47-a48 a4b-a4d a70-a71 a81-a82 abc ac1-ac5 ac7-ac8 acd ae2-ae3 b01 b3c b3f b41-b43 b4d b56 b82 bc0 bcd c3e-c40 c46-c48
c4a-c4d c55-c56 cbc cbf cc6 ccc-ccd ce2-ce3 d41-d43 d4d dca dd2-dd4 dd6 e31 e34-e3a e47-e4e eb1 eb4-eb9 ebb-ebc ec8-ecd
f18-f19 f35 f37 f39 f71-f7e f80-f84 f86-f87 f90-f97 f99-fbc fc6 102d-1030 1032 1036-1037 1039 1058-1059 1160-11ff 135f
1712-1714 1732-1734 1752-1753 1772-1773 17b4-17b5 17b7-17bd 17c6 17c9-17d3 17dd 180b-180d 18a9 1920-1922 1927-1928 1932
1939-193b 1a17-1a18 1b00-1b03 1b34 1b36-1b3a 1b3c 1b42 1b6b-1b73 1dc0-1dca 1dfe-1dff 200b-200f 202a-202e 2060-2063
206a-206f 20d0-20ef 302a-302f 3099-309a a806 a80b a825-a826 fb1e fe00-fe0f fe20-fe23 feff fff9-fffb
"""
_TWO_CELLS = """
1100-115f 2329 232a 2e80-3029 3030-303e 3040-3098 309b-a4cf ac00-d7a3 f900-faff fe10-fe19 fe30-fe6f ff00-ff60 ffe0-ffe6
"""


def cells(text: str) -> int:
    """The width of a text in cells; escape sequences of terminals take none."""
    if text.isascii() and text.isprintable():
        return len(text)
    if "\x1b" in text:
        text = _ESCAPE_SEQUENCE.sub("", text)
    table = _table()
    return sum(2 if character > "\uffff" else table.get(character, 1) for character in text)


def line_cells(text: str) -> int:
    """The width of the widest line of a text."""
    return max(map(cells, text.split("\n"))) if "\n" in text else cells(text)


@cache
def _table() -> dict[str, int]:
    """The characters that do not take one cell."""
    found = {}
    for ranges, width in ((_NO_CELL, 0), (_TWO_CELLS, 2)):
        for item in ranges.split():
            first, _, last = item.partition("-")
            for code in range(int(first, 16), int(last or first, 16) + 1):
                found[chr(code)] = width
    return found

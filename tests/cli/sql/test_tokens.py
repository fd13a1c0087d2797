import pytest

from lodestar.cli.sql.tokens import Kind, tokens
from lodestar.cli.sql.words import KEYWORDS
from lodestar_server.sql.parser.keywords import KEYWORDS as KEYWORDS_OF_THE_SERVER


def test_the_keywords_are_those_of_the_server():
    assert KEYWORDS == KEYWORDS_OF_THE_SERVER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 'it''s', \"a\"\"b\", 1.5e3, .5, 1_000, X'ff', U&'\\0041' -- end",
        "/* a ; b */ select 1 /* open ; 'x",
        "select 'open ; \"open",
        "$$ body; $$ `x` @ # \\ \\G 中",
        "a\\Gb\r\n-- c\r\nd",
    ],
)
def test_tokens_joined_are_the_text(text):
    assert "".join(token.text for token in tokens(text)) == text
    assert "".join(token.text for token in tokens(text, vertical=True)) == text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Select x", [Kind.KEYWORD, Kind.SPACE, Kind.NAME]),
        ("'a;b'", [Kind.STRING]),
        ("U&'a' X'00' $$a$$", [Kind.STRING, Kind.SPACE, Kind.STRING, Kind.SPACE, Kind.STRING]),
        ('"a;b"', [Kind.QUOTED_NAME]),
        ("1 1.5 .5 1e5 0xff", [Kind.NUMBER, *[Kind.SPACE, Kind.NUMBER] * 4]),
        ("1a", [Kind.NAME]),
        ("/*;*/--;\n;", [Kind.COMMENT, Kind.COMMENT, Kind.DELIMITER]),
        ("'a", [Kind.UNRECOGNIZED, Kind.NAME]),
        ("a->b", [Kind.NAME, Kind.SYMBOL, Kind.NAME]),
    ],
)
def test_kinds(text, kinds):
    assert [token.kind for token in tokens(text)] == kinds


def test_vertical_delimiter_is_one_only_where_it_is_wanted():
    assert [token.kind for token in tokens("a\\G", vertical=True)] == [Kind.NAME, Kind.DELIMITER]
    assert [token.kind for token in tokens("a\\G")] == [Kind.NAME, Kind.UNRECOGNIZED, Kind.NAME]

import pytest

from lodestar.cli.configuration import find_configuration, load_configuration, parse_properties
from lodestar.cli.options import UsageError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=b\nc = d\ne: f\ng h\n", {"a": "b", "c": "d", "e": "f", "g": "h"}),
        ("# x\n! y\n\n  a=b  \n", {"a": "b  "}),
        ("a=b\\\n   c\n", {"a": "bc"}),
        ("a=\\u0041\\t\\\\", {"a": "A\t\\"}),
        ("a\\=b=c", {"a=b": "c"}),
        ("a", {"a": ""}),
        ("a=1\na=2", {"a": "2"}),
    ],
)
def test_properties(text, found):
    assert parse_properties(text) == found


def test_our_own_names_come_first(tmp_path):
    xdg = tmp_path / "xdg"
    places = [
        tmp_path / "named",
        tmp_path / ".lodestar/config",
        xdg / "lodestar/config",
        tmp_path / "theirs",
        tmp_path / ".trino_config",
        xdg / "trino/config",
    ]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("user=x")
    environment = {
        "LODESTAR_CONFIG": str(places[0]),
        "TRINO_CONFIG": str(places[3]),
        "XDG_CONFIG_HOME": str(xdg),
    }
    for place in places:
        assert find_configuration(environment, tmp_path) == place
        place.unlink()
    assert find_configuration(environment, tmp_path) is None


def test_what_is_no_option_is_refused(tmp_path):
    place = tmp_path / "config"
    place.write_text("user=x\nversion=true\nfoo=1\n")
    with pytest.raises(UsageError, match=r"contains unknown properties \[foo, version\]$"):
        load_configuration(place)


def test_options_are_read(tmp_path):
    place = tmp_path / "config"
    place.write_text("user=x\nno-progress=true\n")
    assert load_configuration(place) == {"user": "x", "no-progress": "true"}

import pytest

from lodestar.cli.options import Options, UsageError, parse_options


def test_nothing_given():
    options = parse_options([])
    assert options == Options()
    assert (options.output_format, options.output_format_interactive) == ("CSV", "ALIGNED")
    assert options.client_request_timeout == 120.0


@pytest.mark.parametrize(
    ("arguments", "attribute", "value"),
    [
        (["localhost:1"], "url", "localhost:1"),
        (["--", "-x"], "url", "-x"),
        (["--catalog", "tpch"], "catalog", "tpch"),
        (["--catalog=a=b"], "catalog", "a=b"),
        (["-f", "x.sql"], "file", "x.sql"),
        (["-fx.sql"], "file", "x.sql"),
        (["--file=x.sql"], "file", "x.sql"),
        (["--output-format", "json"], "output_format", "JSON"),
        (["--session", "a=b", "--session", "c.d=e=f"], "session", (("a", "b"), ("c.d", "e=f"))),
        (["--client-tags", "a, b,,a"], "client_tags", ("a", "b")),
        (["--extra-credential", "k=v"], "extra_credential", (("k", "v"),)),
        (["--extra-header", "X-A: b c"], "extra_header", (("X-A", "b c"),)),
        (["--client-request-timeout", "1.5s"], "client_request_timeout", 1.5),
        (["--progress"], "progress", True),
        (["--no-progress"], "progress", False),
        (["--progress=false"], "progress", False),
        (["--debug=true"], "debug", True),
        (["--timezone", "Europe/Paris"], "timezone", "Europe/Paris"),
        (["--timezone", "+05:30"], "timezone", "+05:30"),
        (["--execute", ""], "execute", ""),
        (["--editing-mode", "vi"], "editing_mode", "VI"),
        (["-h"], "help", True),
    ],
)
def test_given(arguments, attribute, value):
    options = parse_options(arguments)
    assert getattr(options, attribute) == value
    assert options.given == {attribute}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bogus"], "Unknown option: '--bogus'"),
        (["-x"], "Unknown option: '-x'"),
        (["a", "b"], "Unmatched argument at index 1: 'b'"),
        (["--catalog"], "Missing required parameter for option '--catalog' (<catalog>)"),
        (["--catalog", "--schema", "x"], "Expected parameter for option '--catalog' but found '--schema'"),
        (["--debug=x"], "Invalid value for option '--debug': 'x' is not a boolean"),
        (["--editing-mode", "x"],
         "Invalid value for option '--editing-mode': expected one of [EMACS, VI] (case-insensitive) but was 'x'"),
        (["--session", "foo"], "Invalid value for option '--session' (<session>): Session property: foo"),
        (["--session", "a.b.c=1"],
         "Invalid value for option '--session' (<session>): Invalid session property: a.b.c=1"),
        (["--session", "a=b c"],
         "Invalid value for option '--session' (<session>): Session property value contains spaces or is not ASCII: "
         "b c"),
        (["--resource-estimate", "a="],
         "Invalid value for option '--resource-estimate' (<estimate>): Resource estimate value is empty"),
        (["--timezone", "Foo/Bar"], "Invalid value for option '--timezone': Unknown time-zone ID: Foo/Bar"),
        (["--client-request-timeout", "5x"],
         "Invalid value for option '--client-request-timeout': Unknown time unit: x"),
    ],
)  # fmt: skip
def test_refused(arguments, message):
    with pytest.raises(UsageError) as refused:
        parse_options(arguments)
    assert str(refused.value) == message


def test_a_configuration_file_says_what_the_command_line_does_not():
    defaults = {
        "catalog": "a",
        "schema": "b",
        "debug": "true",
        "session": "x=y",
        "URL": "host:1",
        "no-progress": "true",
    }
    options = parse_options(["--catalog", "given", "--session", "c=d"], defaults)
    assert (options.catalog, options.schema, options.debug, options.url) == ("given", "b", True, "host:1")
    assert options.session == (("c", "d"),)
    assert options.progress is False
    assert options.given == {"catalog", "session"}


def test_a_server_of_the_command_line_is_stronger_than_a_url_of_the_file():
    assert parse_options(["--server", "x"], {"URL": "y"}).url is None

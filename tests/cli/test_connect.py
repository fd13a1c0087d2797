import pytest

from lodestar.cli.connect import SettingsError, connect, resolve_server
from lodestar.cli.options import parse_options


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        ([], "http://localhost:8080"),
        (["--server", "host"], "http://host:80"),
        (["--server", "host:443"], "https://host:443"),
        (["host:8080"], "http://host:8080"),
        (["[::1]:8080"], "http://[::1]:8080"),
        (["https://host"], "https://host:443"),
        (["http://host"], "http://host:80"),
        (["trino://host:8080"], "http://host:8080"),
        (["trino://host:443"], "https://host:443"),
        (["https://host:8443/"], "https://host:8443"),
        (["http://host:1?SSL=true"], "https://host:1"),
        (["local:///tpch/tiny"], "local:///tpch/tiny"),
    ],
)
def test_address(arguments, address):
    assert resolve_server(parse_options(arguments))[1] == address


def test_a_url_carries_properties():
    options, _ = resolve_server(
        parse_options(["https://ann@host/tpch/tiny?source=s&sessionProperties=a:b;c.d:e&clientTags=x,y&timeout=3s"])
    )
    assert (options.user, options.catalog, options.schema, options.source) == ("ann", "tpch", "tiny", "s")
    assert options.session == (("a", "b"), ("c.d", "e"))
    assert (options.client_tags, options.client_request_timeout) == (("x", "y"), 3.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["http://a", "--server", "b"], "Using both the URL parameter and the --server option is not allowed"),
        (["http://a?password=x"], "Setting the password in the URL parameter is not allowed"),
        (["http://u:p@a"], "Setting the password in the URL parameter is not allowed"),
        (["http://a?foo=x"], "Unrecognized connection property 'foo'"),
        (["http://a/b/c/d"], "Invalid path segments in URL"),
        (["http://a?sessionProperties=x"], "Connection property sessionProperties value is invalid: x"),
        (
            ["http://a?sessionProperties=x:y", "--session", "a=b"],
            "Connection property 'sessionProperties' cannot be set in the URL when option '--session' is set",
        ),
        (["http://a/tpch", "--catalog", "b"], "'catalog' cannot be set in the URL when option '--catalog' is set"),
        (["host:x"], "Not a server: host:x"),
        (["http://host:99999999"], "Not a server: http://host:99999999"),
    ],
)
def test_refused(arguments, message):
    with pytest.raises(SettingsError) as refused:
        resolve_server(parse_options(arguments))
    assert message in str(refused.value)


def test_the_password_comes_from_the_environment():
    options = parse_options(["https://host", "--user", "ann", "--password"])
    for environment in ({"LODESTAR_PASSWORD": "one", "TRINO_PASSWORD": "two"}, {"TRINO_PASSWORD": "one"}):
        with connect(options, environment) as connection:
            assert connection._core.settings.auth.headers() == [("Authorization", "Basic YW5uOm9uZQ==")]


def test_options_become_the_session():
    options = parse_options(
        ["http://h/c/s", "--user=u", "--session-user=v", "--path=a.b", "--trace-token=t", "--client-info=i",
         "--resource-estimate=CPU_TIME=1h", "--timezone=UTC", "--extra-header=X-A=b"]
    )  # fmt: skip
    with connect(options, {}) as connection:
        session = connection.session
        assert (session.user, session.catalog, session.schema, session.path) == ("v", "c", "s", "a.b")
        assert (session.trace_token, session.client_info, session.time_zone) == ("t", "i", "UTC")
        assert session.resource_estimates == {"CPU_TIME": "1h"}
        assert session.source == "lodestar-cli"
        assert ("X-A", "b") in connection._core.settings.http_headers


def test_signing_in_with_a_browser_needs_tls():
    with pytest.raises(SettingsError, match="TLS/SSL is required"):
        connect(parse_options(["http://host", "--external-authentication"]), {})


def test_only_encodings_of_json_can_be_offered():
    with connect(parse_options(["http://host", "--encoding", "json+lz4, json"]), {}) as connection:
        assert connection._core.settings.encodings == ("json+lz4", "json")
    with pytest.raises(SettingsError, match="Encoding arrow is not one of rows in JSON"):
        connect(parse_options(["http://host", "--encoding", "arrow"]), {})

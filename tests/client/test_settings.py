import pytest

from lodestar.errors import InterfaceError
from lodestar.protocol.messages import Origin
from lodestar.settings import find_settings


def settings(target=None, **arguments):
    return find_settings(target, arguments)


@pytest.mark.parametrize(
    ("target", "arguments", "origin"),
    [
        (None, {"user": "a"}, Origin("http", "localhost", 8080)),
        ("db", {"user": "a"}, Origin("http", "db", 8080)),
        ("db:9090", {"user": "a"}, Origin("http", "db", 9090)),
        ("[::1]:9090", {"user": "a"}, Origin("http", "::1", 9090)),
        ("db", {"user": "a", "port": 443}, Origin("https", "db", 443)),
        ("db", {"user": "a", "secure": True}, Origin("https", "db", 443)),
        ("lodestar://a@db/c/s", {}, Origin("http", "db", 8080)),
        ("trino://a@db:1/c/s", {}, Origin("http", "db", 1)),
        ("https://a@db", {}, Origin("https", "db", 443)),
        ("lodestar://a@db?secure=true", {}, Origin("https", "db", 443)),
        ("lodestar://a@db:1", {"port": 2}, Origin("http", "db", 2)),
    ],
)
def test_where(target, arguments, origin):
    assert settings(target, **arguments).origin == origin


def test_a_url_says_everything():
    found = settings(
        "lodestar://al%40ice@db:1/my%2Fcat/sch?source=x&session.query_max_run_time=1m&session.c.p=a%26b&client_tags=a,b"
        "&role.system=admin&credential.k=v&header.X-Extra=1&time_zone=UTC&request_timeout=5&isolation_level=serializable"
        "&arrow=true&verify=/ca.pem"
    )
    session = found.session
    assert (session.user, session.catalog, session.schema, session.source) == ("al@ice", "my/cat", "sch", "x")
    assert session.properties == {"query_max_run_time": "1m", "c.p": "a&b"}
    assert (session.client_tags, session.roles, session.time_zone) == (("a", "b"), {"system": "ROLE{admin}"}, "UTC")
    assert (session.extra_credentials, found.http_headers) == ({"k": "v"}, (("X-Extra", "1"),))
    assert (found.transport.request_seconds, found.isolation_level, found.arrow) == (5.0, "SERIALIZABLE", True)
    assert found.transport.verify == "/ca.pem"


def test_arguments_are_stronger():
    found = settings("lodestar://a@db/c/s?source=x", user="b", source="y", schema="t")
    assert (found.session.user, found.session.source, found.session.schema) == ("b", "y", "t")


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("ftp://db", {}),
        ("lodestar://db:port", {}),
        ("lodestar://db/a/b/c", {}),
        ("lodestar://db?unknown=1", {}),
        ("lodestar://db?secure=perhaps", {}),
        ("lodestar://db?request_timeout=long", {}),
        ("db", {"schema": "s"}),
        ("db", {"isolation_level": "SNAPSHOT"}),
        ("db", {"etc_dir": "/etc"}),
        ("local://host/", {}),
    ],
)
def test_what_makes_no_sense(target, arguments):
    with pytest.raises(InterfaceError):
        settings(target, user="a", **arguments)


@pytest.mark.parametrize("arguments", [{"password": "hunter2"}, {"access_token": "hunter2"}])
def test_credentials_go_over_tls_only_and_are_never_shown(arguments):
    with pytest.raises(InterfaceError) as caught:
        settings("db", user="a", **arguments)
    assert "hunter2" not in str(caught.value)
    found = settings("db", user="a", secure=True, proxy="http://u:hunter2@p", **arguments)
    assert "hunter2" not in repr(found)
    assert settings("db", user="a", allow_insecure_auth=True, **arguments).auth is not None


def test_a_login_for_somebody_else():
    found = settings("https://alice:pw@db", session_user="bob")
    assert (found.session.user, found.auth.user) == ("bob", "alice")
    assert found.auth.headers() == [("Authorization", "Basic YWxpY2U6cHc=")]


def test_texts_of_values():
    assert settings("db", user="a", session_properties={"x": True, "n": 5}).session.properties == {
        "x": "true",
        "n": "5",
    }

import pytest

from lodestar_server.http.address import (
    Refused,
    Target,
    accepts,
    base_uri,
    check_forwarded,
    node_uri,
    offers_gzip,
    parse_target,
)
from lodestar_server.http.config import ForwardedPolicy
from lodestar_server.protocol.headers import HeaderMap


def headers(**named):
    return HeaderMap([(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in named.items()])


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("/a/b?c=d?e", Target("/a/b", "c=d?e")),
        ("http://h:1/a?b", Target("/a", "b", "h:1")),
        ("https://h", Target("/", "", "h")),
        ("/a%20b", Target("/a%20b", "")),
        ("/a?//", Target("/a", "//")),
    ],
)
def test_targets(text, target):
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["//a", "/a//b", "/%2f", "/a%2Fb", "/%00", "/%zz", "/%", "*", "ftp://h/a", "h:80"])
def test_targets_that_could_be_read_in_two_ways(text):
    with pytest.raises(Refused) as caught:
        parse_target(text)
    assert caught.value.reply.status == 400


@pytest.mark.parametrize("host", ["", "a b", "a/b", 'a"b', "a:99999", "a:b", "[::1", "user@host", "ü", "a\tb", "a,b"])
def test_hosts_that_are_none(host):
    with pytest.raises(Refused):
        base_uri(Target("/", ""), headers(host=host), ForwardedPolicy.REJECT, secure=False, local="")


@pytest.mark.parametrize(
    ("named", "base"),
    [
        ({"host": "h:1"}, "http://h:1"),
        ({"host": "h:1", "x_forwarded_proto": "https"}, "https://h:1"),
        ({"host": "h:1", "x_forwarded_host": "p"}, "http://p"),
        ({"host": "h:1", "x_forwarded_host": "p, q"}, "http://p"),
        ({"host": "h:1", "x_forwarded_port": "8443", "x_forwarded_proto": "https"}, "https://h:8443"),
        ({"host": "h:1", "x_forwarded_port": "443", "x_forwarded_proto": "https"}, "https://h"),
        ({"host": "[::1]:1", "x_forwarded_port": "80"}, "http://[::1]"),
        ({"host": "h", "x_forwarded_prefix": "/a/b/"}, "http://h/a/b"),
    ],
)
def test_what_a_proxy_says(named, base):
    found = base_uri(Target("/", ""), headers(**named), ForwardedPolicy.ACCEPT, secure=False, local="")
    assert found == base
    ignoring = base_uri(Target("/", ""), headers(**named), ForwardedPolicy.IGNORE, secure=False, local="")
    assert ignoring == f"http://{named['host']}"


@pytest.mark.parametrize(
    "named", [{"x_forwarded_proto": "ftp"}, {"x_forwarded_host": "a b"}, {"x_forwarded_prefix": 'x"'}]
)
def test_what_a_proxy_cannot_say(named):
    with pytest.raises(Refused):
        base_uri(Target("/", ""), headers(host="h", **named), ForwardedPolicy.ACCEPT, secure=False, local="")


def test_forwarding_is_refused_by_name():
    with pytest.raises(Refused) as caught:
        check_forwarded(headers(x_forwarded_for="1.2.3.4"), ForwardedPolicy.REJECT, "u")
    assert caught.value.reply.status == 406
    check_forwarded(headers(x_forwarded_for="1.2.3.4"), ForwardedPolicy.IGNORE, "u")
    check_forwarded(headers(forwarded="for=1.2.3.4"), ForwardedPolicy.REJECT, "u")


@pytest.mark.parametrize(
    ("header", "offered"),
    [
        ("gzip, deflate", True),
        ("GZIP;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("x-gzip", False),
        (None, False),
    ],
)
def test_gzip(header, offered):
    assert offers_gzip(header) is offered


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, True),
        ("", True),
        ("*/*", True),
        ("text/html, application/*", True),
        ("application/json;q=0", True),
        ("text/html", False),
    ],
)
def test_accept(header, accepted):
    assert accepts(header, "application/json") is accepted


@pytest.mark.parametrize(("address", "uri"), [("10.0.0.1", "http://10.0.0.1:80"), ("fd00::1", "http://[fd00::1]:80")])
def test_addresses_of_nodes(address, uri):
    assert node_uri("http", address, 80) == uri

import base64

import pytest
from tests.fakes.clock import ManualClock

from lodestar_server.ui import Logins, load_pages


def test_there_and_back():
    clock = ManualClock()
    logins = Logins("secret", 100, clock=clock)
    token = logins.issue("älice")
    assert logins.user_of(token) == "älice"
    assert Logins("secret", 100, clock=clock).user_of(token) == "älice"
    clock.advance(101)
    assert logins.user_of(token) is None


def test_without_a_secret_logins_end_with_the_process():
    token = Logins(None, 100).issue("alice")
    assert Logins(None, 100).user_of(token) is None


def forged(header, claims, signature=""):
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, signature])


@pytest.mark.parametrize(
    "token",
    [
        "",
        "abc",
        "a.b.c",
        "é.é.é",
        "." * 10_000,
        forged(b'{"alg":"none","typ":"JWT"}', b'{"sub":"admin","aud":"lodestar-ui","exp":99999999999}'),
        forged(b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"admin","aud":"lodestar-ui","exp":99999999999}'),
        forged(b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"admin","aud":"lodestar-ui","exp":99999999999}', "AAAA"),
    ],
)
def test_tokens_of_others(token):
    assert Logins("secret", 100).user_of(token) is None


def test_a_changed_token_is_none():
    logins = Logins("secret", 100)
    head, _, signature = logins.issue("alice").split(".")
    other = logins.issue("admin").split(".")[1]
    assert logins.user_of(f"{head}.{other}.{signature}") is None


def test_pages_load_nothing_from_elsewhere():
    for name, page in load_pages().items():
        assert page
        if name.endswith(".html"):
            assert b"http" not in page
            assert b"<script>" not in page

import json

import pytest

from lodestar.cli.login import ExternalLogin, find_challenge
from lodestar.errors import AuthenticationError, TransportError
from lodestar.protocol.messages import HttpRequest, HttpResponse, Origin

HOME = Origin("https", "host", 443)
CHALLENGE = HttpResponse(
    401,
    [
        ("www-authenticate", 'Basic realm="x"'),
        ("www-authenticate", 'Bearer x_redirect_server="https://host/sign/1", x_token_server="https://host/token/1"'),
    ],
    b"",
)


class Server:
    """Answers polls for the token from a list; faults are raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.now = 0.0
        self.pages = []

    def exchange(self, request, seconds):
        self.asked.append((request.method, request.target))
        self.now += 1.0
        if request.method == "DELETE":
            return HttpResponse(200, [], b"")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpResponse) else HttpResponse(200, [], json.dumps(answer).encode())

    def pause(self, seconds):
        self.now += seconds

    def login(self):
        return ExternalLogin(HOME, self.pages.append, clock=lambda: self.now, pause=self.pause)


def request(host="host"):
    return HttpRequest("POST", Origin("https", host, 443), "/v1/statement", b"A: b\r\n")


def test_a_token_is_polled_for_and_given_back():
    server = Server({"nextUri": "https://host/token/2"}, TransportError("broken"), {"token": "secret"})
    login = server.login()
    assert login.signed(request()) == request()
    assert login.sign_in(CHALLENGE, server.exchange)
    assert server.pages == ["https://host/sign/1"]
    assert server.asked == [("GET", "/token/1"), ("GET", "/token/2"), ("GET", "/token/2"), ("DELETE", "/token/2")]
    assert login.signed(request()).headers == b"A: b\r\nAuthorization: Bearer secret\r\n"
    assert login.signed(request("elsewhere")) == request("elsewhere")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"error": "Denied by the user"}, "Denied by the user"),
        ({}, "The server gave no token"),
        (HttpResponse(404, [], b""), "The request for the token was answered with HTTP 404"),
    ],
)
def test_no_token(answer, message):
    server = Server(answer)
    with pytest.raises(AuthenticationError, match=message):
        server.login().sign_in(CHALLENGE, server.exchange)


def test_nobody_signs_in():
    server = Server(*[{"nextUri": "https://host/token/1"}] * 200)
    with pytest.raises(AuthenticationError, match="Nobody has signed in in time"):
        server.login().sign_in(CHALLENGE, server.exchange)
    assert server.now == 120.0


@pytest.mark.parametrize(
    ("status", "challenge", "found"),
    [
        (401, 'Bearer x_token_server="https://t"', ("https://t", None)),
        (401, 'bearer x_redirect_server="https://r" , x_token_server=https://t', ("https://t", "https://r")),
        (401, 'Bearer realm="x"', None),
        (401, 'Basic realm="x"', None),
        (403, 'Bearer x_token_server="https://t"', None),
    ],
)
def test_challenges(status, challenge, found):
    assert find_challenge(HttpResponse(status, [("www-authenticate", challenge)], b"")) == found

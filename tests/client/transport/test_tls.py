"""https: certificates are verified, proxies are tunnelled through, passwords go nowhere else."""

import asyncio
import shutil
import ssl
import subprocess
from contextlib import closing

import pytest
from tests.fakes.documents import column, page
from tests.fakes.scripted_http import RawServer, document, tunnel

import lodestar

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes certificates, is missing")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    place = tmp_path_factory.mktemp("tls")
    key, found = place / "key.pem", place / "cert.pem"
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(found), "-days", "2"]
    subprocess.run([*request, *names, *files], check=True, capture_output=True)
    return found, key


@pytest.fixture
def server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def handle(seen):
        if seen.method == "POST":
            # The next page is elsewhere: at a place that must not see the password.
            return document(page(state="QUEUED", next_uri=f"https://localhost:{found.port}/next"))
        return document(page(next_uri=None, state="FINISHED", columns=[column("a", "integer")], data=[[1]]))

    found = RawServer(handle, tls=context)
    with closing(found):
        yield found


def blocking(*where, **arguments):
    with lodestar.connect(*where, **arguments) as connection:
        return connection.execute("SELECT 1").fetchall()


def asynchronous(*where, **arguments):
    async def main():
        async with await lodestar.aconnect(*where, **arguments) as connection:
            return await (await connection.execute("SELECT 1")).fetchall()

    return asyncio.run(main())


@pytest.fixture(params=[blocking, asynchronous])
def run(request, server):
    def call(**arguments):
        named = {"user": "alice", "password": "hunter2", "proxy": "", "retry_timeout": 0.0, **arguments}
        return request.param(f"https://127.0.0.1:{server.port}", **named)

    return call


def test_a_certificate_that_is_known(run, server, certificate):
    assert run(verify=str(certificate[0])) == [(1,)]
    post, poll = server.seen
    assert post.header("authorization") == "Basic YWxpY2U6aHVudGVyMg=="
    assert (poll.target, poll.header("authorization")) == ("/next", None)


def test_a_certificate_that_is_not(run, server):
    with pytest.raises(lodestar.TransportError, match="certificate") as caught:
        run()
    assert (server.seen, caught.value.sent) == ([], False)


def test_certificates_may_be_ignored(run):
    assert run(verify=False) == [(1,)]


def test_a_file_that_is_none(run):
    with pytest.raises(lodestar.InterfaceError, match="certificates"):
        run(verify="/no/such/file.pem")


def test_through_a_proxy(run, server, certificate):
    heads = []
    # One connection is all this proxy takes: both requests must go to one place.
    server.handle = lambda seen: document(
        page(next_uri=None, state="FINISHED", columns=[column("a", "integer")], data=[[1]])
    )
    port = tunnel(heads)
    run(verify=str(certificate[0]), proxy=f"http://me:secret@127.0.0.1:{port}")
    [head] = heads
    assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n".encode())
    assert b"hunter2" not in head
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in head

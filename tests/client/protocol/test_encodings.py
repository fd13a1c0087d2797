"""Spooled results as Trino sends them: in documents and elsewhere, compressed, redirected, acknowledged."""

import base64
import json
from contextlib import closing

import pytest
from tests.fakes.documents import NEXT, column, page
from tests.fakes.scripted_http import DROP, RawServer, answer, document

import lodestar

ROWS = [[1, "a"], [2, "ö"]]
PLAIN = json.dumps(ROWS).encode()


def compressed(name):
    if name == "json+zstd":
        return pytest.importorskip("zstandard").ZstdCompressor().compress(PLAIN)
    if name == "json+lz4":
        return pytest.importorskip("lz4.block").compress(PLAIN, store_size=False)
    return PLAIN


def inline(data, **figures):
    return {"type": "inline", "data": base64.b64encode(data).decode(), "metadata": described(data, figures)}


def described(data, figures):
    return {"rowOffset": 0, "rowsCount": 2, "segmentSize": len(data), **figures}


def serve(encoding, segments_of, download=None):
    """A server with one page of segments; `download` answers what is neither POST nor the page."""

    def handle(seen):
        base = f"http://{seen.header('host')}"
        if seen.method == "POST":
            return document(page(state="QUEUED", next_uri=NEXT.replace("http://server:8080", base)))
        if seen.target.startswith("/v1/statement"):
            data = {"encoding": encoding, "segments": segments_of(base)}
            columns = [column("n", "integer"), column("t", "varchar")]
            return document(page(state="FINISHED", next_uri=None, columns=columns, data=data))
        return download(seen)

    return RawServer(handle)


def fetch(server, **arguments):
    with lodestar.connect(server.url, user="a", retry_timeout=5, **arguments) as connection:
        return connection.execute("SELECT 1").fetchall()


@pytest.mark.parametrize("encoding", ["json", "json+zstd", "json+lz4"])
def test_inside_the_document(encoding):
    data = compressed(encoding)
    figures = {} if encoding == "json" else {"uncompressedSize": len(PLAIN)}
    with closing(serve(encoding, lambda base: [inline(data, **figures), inline(data, **figures)])) as server:
        assert fetch(server, encodings=[encoding]) == [(1, "a"), (2, "ö")] * 2
        assert server.seen[0].header("x-trino-query-data-encoding") == encoding


def test_small_segments_are_not_compressed():
    with closing(serve("json+zstd", lambda base: [inline(PLAIN)])) as server:
        assert fetch(server) == [(1, "a"), (2, "ö")]


def spooled(base, **figures):
    return [
        {
            "type": "spooled",
            "uri": f"{base}/v1/spooled/download/id",
            "ackUri": f"{base}/v1/spooled/ack/id",
            "headers": {"X-Key": ["secret"]},
            "metadata": described(PLAIN, figures),
        }
    ]


def test_elsewhere_with_a_bad_network():
    steps = iter([DROP, answer(503), answer(body=PLAIN, cut=3), answer(303, headers=[("Location", "{base}/moved")])])

    def download(seen):
        if "ack" in seen.target:
            return answer(200)
        if seen.target == "/moved":
            return answer(body=PLAIN)
        found = next(steps)
        return type(found)(found.data.replace(b"{base}", f"http://{seen.header('host')}".encode()), found.keep)

    with closing(serve("json", spooled, download)) as server:
        rows = fetch(server, password="pw", allow_insecure_auth=True)
        assert rows == [(1, "a"), (2, "ö")]
        wanted = [seen for seen in server.seen if not seen.target.startswith("/v1/statement")]
    assert [seen.target.rpartition("/")[0] for seen in wanted] == ["/v1/spooled/download"] * 4 + ["", "/v1/spooled/ack"]
    assert {seen.header("x-key") for seen in wanted} == {"secret"}
    # The identifier is the secret, not the password.
    assert {seen.header("authorization") for seen in wanted} == {None}


@pytest.mark.parametrize(
    "segment",
    [
        inline(b"[[1]]"),
        inline(PLAIN, segmentSize=3),
        inline(b"no json", rowsCount=1),
        {**inline(PLAIN), "data": "not base64!"},
        inline(PLAIN, uncompressedSize=5),
    ],
)
def test_segments_that_are_not_what_they_say(segment):
    with closing(serve("json+zstd", lambda base: [segment])) as server, pytest.raises(lodestar.TransportError):
        fetch(server)


def test_an_unknown_encoding():
    with closing(serve("morse", lambda base: [inline(PLAIN)])) as server, pytest.raises(lodestar.NotSupportedError):
        fetch(server)


def test_a_segment_that_is_gone():
    server = serve("json", spooled, lambda seen: answer(500, b"Segment not found or expired"))
    with closing(server), pytest.raises(lodestar.TransportError, match="not found or expired") as caught:
        fetch(server)
    assert "/id" not in str(caught.value)

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from lodestar_server.plugins.toolkit.stores.s3.ranges import learn_listing, learn_template, signed_page, signed_range

SENT = {
    "authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260102/eu-x-1/s3/aws4_request, Signature=0",
    "user-agent": "lodestar",
    "range": "bytes=0-1",
    "x-amz-date": "20260102T030405Z",
    "x-amz-request-payer": "requester",
    "x-amz-security-token": "old",
    "amz-sdk-invocation-id": "1",
}


@dataclass
class Keys:
    access_key: str = "AKIA"
    secret_key: str = "secret"
    token: str | None = "the token"


def test_what_requests_have_in_common() -> None:
    template = learn_template("http://h:1/b/dir/a%20b%2B", SENT, "dir/a b+")
    assert template is not None
    assert (template.base, template.path, template.host, template.region) == ("http://h:1/b/", "/b/", "h:1", "eu-x-1")
    assert template.headers == (("x-amz-request-payer", "requester"),)
    assert learn_template("http://h:1/b/x?versionId=1", SENT, "x") is None
    assert learn_template("http://h:1/b/x", {}, "x") is None


def test_what_pages_of_a_listing_have_in_common() -> None:
    for address in ("http://h:1/b?list-type=2&prefix=x", "http://h:1/b/?list-type=2"):
        template = learn_listing(address, SENT)
        assert template is not None and template.base == "http://h:1/b/"
    template = learn_listing("https://b.s3.eu-x-1.amazonaws.com/?list-type=2", SENT)
    assert template is not None and template.base == "https://b.s3.eu-x-1.amazonaws.com/"
    assert learn_listing("http://h:1/b?list-type=2", {}) is None


def _same_signature(address: str, headers: dict[str, str]) -> bool:
    signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("GET", address, {name: headers[name] for name in signed if name != "host"})
    request.context["timestamp"] = headers["x-amz-date"]
    request.context["signing"] = {}
    theirs = S3SigV4Auth(ReadOnlyCredentials("AKIA", "secret", "the token"), "s3", "eu-x-1")
    string = theirs.string_to_sign(request, theirs.canonical_request(request))
    return headers["authorization"].endswith(f"Signature={theirs.signature(string, request)}")


def test_the_signature_is_that_of_the_client_library() -> None:
    template = learn_template("https://b.s3.eu-x-1.amazonaws.com/x", SENT, "x")
    assert template is not None
    address, headers = signed_range(template, "dir/ä b+%20~", 5, 10, Keys(), datetime.now(UTC))
    assert address == "https://b.s3.eu-x-1.amazonaws.com/dir/%C3%A4%20b%2B%2520~"
    assert _same_signature(address, headers)
    assert headers["range"] == "bytes=5-14"


def test_the_signature_of_a_page() -> None:
    template = learn_listing("http://h:1/b?list-type=2", SENT)
    assert template is not None
    query = {"prefix": "d/p=1/ä b+~", "list-type": "2", "continuation-token": "a/b+c=="}
    address, headers = signed_page(template, query, Keys(), datetime.now(UTC))
    assert address == ("http://h:1/b/?continuation-token=a%2Fb%2Bc%3D%3D&list-type=2&prefix=d%2Fp%3D1%2F%C3%A4%20b%2B~")
    assert _same_signature(address, headers)

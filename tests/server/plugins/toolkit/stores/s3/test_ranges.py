from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from lodestar_server.plugins.toolkit.stores.s3.ranges import learn_template, signed_range

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


def test_the_signature_is_that_of_the_client_library() -> None:
    template = learn_template("https://b.s3.eu-x-1.amazonaws.com/x", SENT, "x")
    assert template is not None
    moment = datetime.now(UTC)
    address, headers = signed_range(template, "dir/ä b+%20~", 5, 10, Keys(), moment)
    assert address == "https://b.s3.eu-x-1.amazonaws.com/dir/%C3%A4%20b%2B%2520~"
    signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("GET", address, {name: headers[name] for name in signed if name != "host"})
    request.context["timestamp"] = headers["x-amz-date"]
    request.context["signing"] = {}
    theirs = S3SigV4Auth(ReadOnlyCredentials("AKIA", "secret", "the token"), "s3", "eu-x-1")
    string = theirs.string_to_sign(request, theirs.canonical_request(request))
    assert headers["authorization"].endswith(f"Signature={theirs.signature(string, request)}")
    assert headers["range"] == "bytes=5-14"

"""Amazon in a process: S3, STS, IAM, Glue and the instance's metadata, by moto's server."""

from __future__ import annotations

import tempfile
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.toolbox.environments import python_with
from integration.toolbox.process import Process, free_port

_PACKAGE = "moto[server,s3,sts,iam,glue,kms]>=5.1"
_READY_SECONDS = 60
_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
_ANYBODY = {"Authorization": "AWS4-HMAC-SHA256 Credential=anybody/20200101/us-east-1/s3/aws4_request"}


class Moto:
    """`with Moto() as aws: aws.url`. It takes every key; what it holds is in memory."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="moto-", ignore_cleanup_errors=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        python = python_with(_PACKAGE, name="moto")
        self.process = Process(
            [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            log=Path(self._directory.name) / "moto.log",
            environment=environment,
        )

    def __enter__(self) -> Self:
        self.process.__enter__()
        self.process.wait_ready(self._ready, _READY_SECONDS)
        return self

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def make_bucket(self, name: str) -> None:
        """Of nobody in particular."""
        request = urllib.request.Request(f"{self.url}/{name}", method="PUT", headers=_ANYBODY)
        urllib.request.urlopen(request, timeout=30).close()

    def put(self, bucket: str, key: str, content: bytes, *, public: bool = False) -> None:
        """An object; `public`: it is given to those who do not say who they are."""
        place = f"{self.url}/{bucket}/{urllib.parse.quote(key)}"
        headers = {**_ANYBODY, "Content-Type": "application/octet-stream"} | (
            {"x-amz-acl": "public-read"} if public else {}
        )
        request = urllib.request.Request(place, content, headers, method="PUT")
        urllib.request.urlopen(request, timeout=30).close()

    def get(self, bucket: str, key: str) -> bytes:
        """An object's content."""
        place = f"{self.url}/{bucket}/{urllib.parse.quote(key)}"
        with urllib.request.urlopen(urllib.request.Request(place, headers=_ANYBODY), timeout=30) as answer:
            content: bytes = answer.read()
        return content

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Names of the objects, at most a thousand."""
        query = urllib.parse.urlencode({"list-type": "2", "prefix": prefix})
        request = urllib.request.Request(f"{self.url}/{bucket}?{query}", headers=_ANYBODY)
        with urllib.request.urlopen(request, timeout=30) as answer:
            document = ElementTree.fromstring(answer.read())
        return [found.text or "" for found in document.iter(f"{_NAMESPACE}Key")]

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()

"""Somebody at the door of a service who lets nothing in that is not signed, as Amazon's gateways do."""

from __future__ import annotations

import hashlib

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from integration.services.proxy import RecordingProxy, Request

_ALGORITHM = "AWS4-HMAC-SHA256 "


class SignatureGate(RecordingProxy):
    """Requests with a signature of version 4 by these keys go through; others are told what is wrong with them.

    What the signature should be is worked out by botocore, from the request as it has come.
    """

    def __init__(
        self, target: str, *, access_key: str, secret_key: str, region: str, service: str, token: str | None = None
    ) -> None:
        super().__init__(target)
        self._keys = Credentials(access_key, secret_key, token)
        self._region = region
        self._service = service
        self.refused: list[str] = []

    async def _forward(self, request: web.BaseRequest, seen: Request, body: bytes) -> web.StreamResponse:
        reason = self._objection(request, body)
        if reason is None:
            return await super()._forward(request, seen, body)
        self.refused.append(f"{seen.method} {request.raw_path}: {reason}")
        seen.status = 403
        return web.json_response({"error": {"message": reason, "type": "Forbidden", "code": 403}}, status=403)

    def _objection(self, request: web.BaseRequest, body: bytes) -> str | None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = headers.get("authorization", "")
        if not given.startswith(_ALGORITHM):
            return "Missing Authentication Token"
        parts = dict(one.strip().split("=", 1) for one in given.removeprefix(_ALGORITHM).split(","))
        moment = headers.get("x-amz-date", "")
        scope = f"{self._keys.access_key}/{moment[:8]}/{self._region}/{self._service}/aws4_request"
        if parts["Credential"] != scope:
            return f"Credential should be {scope}, not {parts['Credential']}"
        if headers.get("x-amz-security-token") != self._keys.token:
            return "The security token included in the request is invalid"
        if headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
            return "The content is not the one that was signed"
        wanted = {name: headers[name] for name in parts["SignedHeaders"].split(";")}
        if "host" not in wanted:
            return "The host has to be signed"
        copy = AWSRequest(request.method, f"http://{headers['host']}{request.raw_path}", wanted, body)
        copy.context["timestamp"] = moment
        signer = SigV4Auth(self._keys, self._service, self._region)
        expected = signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy)
        return None if expected == parts["Signature"] else "The signature does not match"

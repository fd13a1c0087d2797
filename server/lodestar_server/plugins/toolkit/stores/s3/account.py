"""Requests in one account's name: one client with one pool of connections, every request repeated where that helps."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from aiohttp import ClientError as HttpError
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.s3.credentials import open_session, wants_web_identity
from lodestar_server.plugins.toolkit.stores.s3.pages import Page, read_page
from lodestar_server.plugins.toolkit.stores.s3.proxies import ChosenProxies, direct_hosts, proxy_url
from lodestar_server.plugins.toolkit.stores.s3.ranges import (
    RangeTemplate,
    learn_listing,
    learn_template,
    signed_page,
    signed_range,
)
from lodestar_server.plugins.toolkit.stores.s3.settings import (
    AuthType,
    CannedAcl,
    RetryMode,
    S3Settings,
    SseType,
    StorageClass,
)

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 3.0
_LONGEST_RETRY_AFTER = 60.0
_THROTTLED = frozenset({"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests"})
_PASSING = _THROTTLED | {
    "RequestTimeout",
    "InternalError",
    "ServiceUnavailable",
    "OperationAborted",
    "RequestTimeTooSkewed",
}
_FAULTS = (TimeoutError, ClientError, BotoCoreError, ResponseParserError, HttpError, OSError)
_DEFAULT_REGION = "us-east-1"
_PROXY_REFUSES = 407
_FILE_FAULTS = FileNotFoundError | PermissionError | IsADirectoryError
"""Of a token that credentials are given for: requests themselves read no files."""
_LISTED: ContextVar[str] = ContextVar("_LISTED")
"""The bucket of which this task lists objects."""


class S3Account:
    """Its calls run on the stores' loop. `settings` are those of the catalog, changed by a mapping perhaps.

    `session`: what opens a session with the credentials.
    """

    def __init__(
        self, settings: S3Settings, session: Callable[[S3Settings], Awaitable[AioSession]] = open_session
    ) -> None:
        self.settings = settings
        self._open_session = session
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._not_before = 0.0
        self._http: Any = None
        self._credentials: Any = None
        self._templates: dict[str, RangeTemplate] = {}
        self._listings: dict[str, RangeTemplate] = {}
        self._learning: dict[str, str] = {}
        self.on_every = {"RequestPayer": "requester"} if settings.requester_pays else {}
        """Parameters of every request."""
        self.on_read = {**self.on_every, **_customer_key(settings)}
        """Parameters of requests that touch content."""
        self.on_create = {**self.on_read, **_new_object(settings)}
        """Parameters of requests that make an object."""

    async def get_range(self, bucket: str, key: str, start: int, length: int) -> bytes | None:
        """A range of an object, by the short way. None: it is not known yet, or the answer was not plain."""
        template = self._templates.get(bucket)
        if template is None:
            return None
        content = await self._get_plainly(lambda keys: signed_range(template, key, start, length, keys))
        return content if content is not None and len(content) == length else None

    async def get_page(self, bucket: str, query: Mapping[str, str]) -> Page | None:
        """A page of a listing, by the short way; None as above."""
        template = self._listings.get(bucket)
        if template is None:
            return None
        content = await self._get_plainly(lambda keys: signed_page(template, query, keys))
        return None if content is None else read_page(content)

    async def _get_plainly(self, signed: Callable[[Any], tuple[str, dict[str, str]]]) -> bytes | None:
        if self._http is None or self._credentials is None or self._not_before > time.monotonic():
            return None
        try:
            url, headers = signed(await self._credentials.get_frozen_credentials())
            answer = await self._http.send(AWSPreparedRequest("GET", url, HeadersDict(headers), None, False))
            if answer.status_code in (200, 206):  # some stores say 200 of a range as well
                content: bytes = await answer.content
                return content
        except _FAULTS:
            # The long way meets it as well, and tells it.
            return None
        return None

    def _learn_listing(self, request: Any, **_: Any) -> None:
        """The same of a listing. A later one is better: the first may have been sent to another place."""
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        template = learn_listing(request.url, headers)
        if template is not None:
            self._listings[_LISTED.get()] = template

    def _learn(self, request: Any, **_: Any) -> None:
        """A request for an object is on its way: those that follow are made like it."""
        for bucket, key in self._learning.items():
            if bucket in request.url and bucket not in self._templates:
                headers = {name.lower(): _text(value) for name, value in request.headers.items()}
                template = learn_template(request.url, headers, key)
                if template is not None:
                    self._templates[bucket] = template

    async def _opened(self) -> Any:
        async with self._lock:
            if self._client is None:
                self._client = await self._stack.enter_async_context(await self._open())
            return self._client

    async def _open(self) -> Any:
        settings = self.settings
        session = await self._open_session(settings)
        self._credentials = None if settings.auth_type is AuthType.ANONYMOUS else await session.get_credentials()
        region = settings.region or session.get_config_variable("region") or _DEFAULT_REGION
        client = session.create_client(
            "s3",
            region_name=region,
            endpoint_url=_with_scheme(settings.endpoint),
            config=_client_config(settings, self._session_class()),
        )
        learning = {"GetObject": self._learn, "ListObjectsV2": self._learn_listing}
        return _Watched(client, region, settings.cross_region, learning)

    def _session_class(self) -> type[AIOHTTPSession]:
        account = self

        class Session(AIOHTTPSession):  # type: ignore[misc]
            """The client's connections, known to its account."""

            def __init__(self, *arguments: Any, **options: Any) -> None:
                super().__init__(*arguments, **options)
                if account.settings.proxy:
                    direct = direct_hosts(account.settings.non_proxy_hosts)
                    inner: Any = self._proxy_config
                    self._proxy_config: Any = ChosenProxies(inner, direct)
                account._http = self

        return Session

    async def call(self, operation: str, bucket: str, **parameters: Any) -> Any:
        """The answer of an operation, its body read. Raises: StoreError, after as many tries as are set."""
        tries = 0
        while True:
            try:
                if self._not_before:
                    await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
                client = self._client or await self._opened()
                if operation == "get_object":
                    self._learning[bucket] = parameters["Key"]
                elif operation == "list_objects_v2":
                    _LISTED.set(bucket)
                answer = await getattr(client, operation)(Bucket=bucket, **parameters)
                if operation == "get_object":
                    async with answer["Body"] as body:
                        answer["Body"] = await body.read()
                return answer
            except _FAULTS as fault:
                tries += 1
                if tries > self.settings.max_retries or not _passes(fault):
                    raise told(fault, bucket, self.settings) from fault
                await asyncio.sleep(self._pause(fault, tries))

    def _pause(self, fault: BaseException, tries: int) -> float:
        usual = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (tries - 1))
        pause = max(random.uniform(0.5, 1.0) * usual, _retry_after(fault))
        if self.settings.retry_mode is RetryMode.ADAPTIVE and _is_throttled(fault):
            self._not_before = max(self._not_before, time.monotonic() + pause)
        return pause

    async def close(self) -> None:
        """Close the connections."""
        self._client = self._http = None
        self._templates.clear()
        self._listings.clear()
        await self._stack.pop_all().aclose()


class _Watched:
    """A client that refuses to ask another region, unless that is allowed; `learning` sees requests by operation."""

    def __init__(self, client: Any, region: str, cross_region: bool, learning: Mapping[str, Any]) -> None:
        self._learning = learning
        self._client = client
        self._region = region
        self._cross_region = cross_region

    async def __aenter__(self) -> Any:
        client = await self._client.__aenter__()
        for operation, learn in self._learning.items():
            client.meta.events.register(f"before-send.s3.{operation}", learn)
        if not self._cross_region:
            client.meta.events.register("before-sign.s3", self._check)
        return client

    async def __aexit__(self, *about: Any) -> None:
        await self._client.__aexit__(*about)

    def _check(self, region_name: str, **_: Any) -> None:
        if region_name != self._region:
            raise StoreError(
                f"The bucket is in region {region_name}, not in {self._region}; set s3.region, "
                "or s3.cross-region-access=true",
                status=301,
            )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _client_config(settings: S3Settings, session_class: type[AIOHTTPSession]) -> AioConfig:
    options: dict[str, Any] = {
        "http_session_cls": session_class,
        "signature_version": UNSIGNED if settings.auth_type is AuthType.ANONYMOUS else "s3v4",
        "s3": {"addressing_style": "path" if settings.path_style else "virtual"},
        "max_pool_connections": settings.max_connections,
        "connect_timeout": settings.connect_timeout or 5,
        "read_timeout": settings.read_timeout or 50,
        "tcp_keepalive": settings.keep_alive,
        # Requests are repeated here, where the body is read as well.
        "retries": {"total_max_attempts": 1, "mode": "standard"},
        "user_agent_extra": f"app/{settings.application_id}",
        # Stores that only speak like S3 do not know the newer checksums.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
        "connector_args": {"keepalive_timeout": float(settings.connection_max_idle or 60)},
    }
    if settings.proxy:
        options["proxies"] = dict.fromkeys(("http", "https"), proxy_url(settings))
    return AioConfig(**options)


def _with_scheme(endpoint: str | None) -> str | None:
    return endpoint if not endpoint or "://" in endpoint else f"https://{endpoint}"


def _new_object(settings: S3Settings) -> dict[str, str]:
    made = {}
    if settings.storage_class is not StorageClass.STANDARD:
        made["StorageClass"] = settings.storage_class.value
    if settings.canned_acl is not CannedAcl.NONE:
        made["ACL"] = settings.canned_acl.value
    if settings.sse_type is SseType.S3:
        made["ServerSideEncryption"] = "AES256"
    elif settings.sse_type is SseType.KMS:
        made["ServerSideEncryption"] = "aws:kms"
        if settings.kms_key_id:
            made["SSEKMSKeyId"] = settings.kms_key_id
    return made


def _customer_key(settings: S3Settings) -> dict[str, Any]:
    if settings.sse_type is not SseType.CUSTOMER or settings.customer_key is None:
        return {}
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64decode(settings.customer_key)}


def _status(fault: BaseException) -> int | None:
    if isinstance(fault, ClientError):
        status: int | None = fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return status
    if isinstance(fault, ProxyConnectionError):  # its answer to CONNECT
        return getattr(fault.kwargs.get("error"), "status", None)
    return None


def _code(fault: BaseException) -> str:
    return str(fault.response.get("Error", {}).get("Code", "")) if isinstance(fault, ClientError) else ""


def _is_throttled(fault: BaseException) -> bool:
    return _code(fault) in _THROTTLED or _status(fault) in (429, 503)


def _passes(fault: BaseException) -> bool:
    """Whether the same request may succeed a moment later."""
    if isinstance(fault, ClientError):
        return _code(fault) in _PASSING or _status(fault) in (429, 500, 502, 503, 504)
    if _status(fault) == _PROXY_REFUSES:
        return False
    if isinstance(fault, SSLError | NoCredentialsError | CredentialRetrievalError | InvalidConfigError | _FILE_FAULTS):
        return False
    return (
        isinstance(fault, HTTPClientError | ResponseParserError | HttpError | OSError | asyncio.TimeoutError)
        or "Incomplete" in type(fault).__name__
    )


def _retry_after(fault: BaseException) -> float:
    """Seconds that the store asks to wait for."""
    if not isinstance(fault, ClientError):
        return 0.0
    text = fault.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("retry-after", "")
    try:
        seconds = float(text) if text.strip().isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
    except (TypeError, ValueError):
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


def told(fault: BaseException, bucket: str, settings: S3Settings) -> StoreError:
    """A fault in words for the user: what happened, in which bucket, and what to look at."""
    status, code = _status(fault), _code(fault)
    where = settings.endpoint or "AWS"
    if status == _PROXY_REFUSES:
        return StoreError(
            f"The proxy {settings.proxy or 'of the environment'} refuses the request (Status Code: 407); "
            "check s3.http-proxy.username and s3.http-proxy.password",
            status=status,
        )
    if isinstance(fault, ProxyConnectionError):
        told = "cannot be reached" if status is None else f"does not connect to {where} (Status Code: {status})"
        return StoreError(f"The proxy {settings.proxy or 'of the environment'} {told}; check s3.http-proxy")
    if isinstance(fault, ClientError):
        said = str(fault.response.get("Error", {}).get("Message") or "").strip().rstrip(".")
        known = "" if code.isdigit() else code
        said = ": ".join(part for part in (known, "" if said == known else said) if part) or f"HTTP {status}"
        if fault.operation_name.startswith("AssumeRole"):
            hint = f"STS gives no credentials for bucket '{bucket}'; check the role and who asks for it"
        elif code == "NoSuchBucket":
            hint = f"Bucket '{bucket}' does not exist at {where}; check its name, s3.endpoint and s3.region"
        elif status == 403:
            hint = f"Access to bucket '{bucket}' is denied; check the s3 credentials and what they may do"
        elif status in (301, 400) and code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "301", "400"):
            hint = f"Bucket '{bucket}' was asked for in the wrong way; check s3.region and s3.endpoint"
        else:
            hint = f"bucket '{bucket}'"
        precondition = status == 412 or code == "ConditionalRequestConflict"
        return StoreError(f"{said} (Status Code: {status}); {hint}", status=status, precondition=precondition)
    if isinstance(fault, NoCredentialsError) and wants_web_identity(settings):
        return StoreError(
            f"No credentials for bucket '{bucket}': set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN in the "
            "environment, or web_identity_token_file and role_arn in the profile"
        )
    if isinstance(fault, InvalidConfigError | _FILE_FAULTS):
        return StoreError(f"Credentials for bucket '{bucket}' cannot be had: {fault}")
    if isinstance(fault, NoCredentialsError):
        return StoreError(
            f"No credentials for bucket '{bucket}': set s3.aws-access-key and s3.aws-secret-key, s3.iam-role, "
            "or credentials in the environment"
        )
    if isinstance(fault, CredentialRetrievalError):
        return StoreError(f"Credentials for bucket '{bucket}' cannot be had from {fault.kwargs.get('provider', 'AWS')}")
    if isinstance(fault, ConnectTimeoutError | EndpointConnectionError | SSLError):
        return StoreError(f"{where} cannot be reached ({type(fault).__name__}); check s3.endpoint")
    if isinstance(fault, ParamValidationError):
        return StoreError(f"A request for bucket '{bucket}' was not sent: {fault.kwargs.get('report')}")
    if isinstance(fault, ResponseParserError):
        return StoreError(f"{where} answered with something that is not understood; check s3.endpoint")
    if isinstance(fault, ReadTimeoutError | asyncio.TimeoutError):
        return StoreError(f"{where} did not answer in time; bucket '{bucket}'")
    return StoreError(f"The connection to {where} broke ({type(fault).__name__}); bucket '{bucket}'")

"""Requests to Glue: signed, repeated by the library where Glue asks for it, several at a time where they can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from threading import BoundedSemaphore
from typing import Any

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.glue.config import GlueConfig
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown
from lodestar_server.plugins.toolkit.stores.loop import LOOP
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.plugin import load_group

_DEFAULT_REGION = "us-east-1"
_MISSING = "EntityNotFoundException"
_EXISTING = "AlreadyExistsException"
_UNIMPLEMENTED = ("UnknownOperationException", "NotImplementedException", "501")


class GlueRefused(Exception):
    """Glue's own answer: nothing was changed. `code` is its name of the error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def missing(self) -> bool:
        """What was asked for is not there."""
        return self.code == _MISSING

    @property
    def existing(self) -> bool:
        """What was to be made is there."""
        return self.code == _EXISTING

    @property
    def unimplemented(self) -> bool:
        """A service that speaks like Glue does not know the operation."""
        return self.code in _UNIMPLEMENTED

    def error(self) -> LodestarError:
        """For everything that has no error of its own."""
        return LodestarError(HIVE_METASTORE_ERROR, self.message)


class _Lost(Exception):
    """No answer has come."""


class GlueClient:
    """Thread-safe."""

    def __init__(self, config: GlueConfig) -> None:
        self._config = config
        self._stack = AsyncExitStack()
        self._opening: Future[Any] | None = None
        self._running = BoundedSemaphore(config.threads)

    async def _open(self) -> Any:
        from aiobotocore.config import AioConfig

        from lodestar_server.plugins.toolkit.stores.s3.credentials import open_session
        from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings

        config = self._config
        session = await open_session(load_group(S3Settings, _credentials(config)))
        region = config.region or session.get_config_variable("region") or _DEFAULT_REGION
        client = session.create_client(
            "glue",
            region_name=region,
            endpoint_url=config.endpoint,
            config=AioConfig(
                max_pool_connections=config.max_connections,
                retries={"total_max_attempts": config.max_error_retries + 1, "mode": "standard"},
            ),
        )
        return await self._stack.enter_async_context(client)

    def _client(self) -> Any:
        if self._opening is None or (self._opening.done() and self._opening.exception() is not None):
            self._opening = LOOP.submit(self._open())
        return self._opening

    async def _request(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        from asyncio import wrap_future

        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
        from botocore.parsers import ResponseParserError

        named = dict(parameters)
        if self._config.catalog_id is not None:
            named["CatalogId"] = self._config.catalog_id
        try:
            client = await wrap_future(self._client())
            return await getattr(client, operation)(**named)
        except ClientError as fault:
            error = fault.response.get("Error", {})
            raise GlueRefused(str(error.get("Code")), str(error.get("Message") or error.get("Code"))) from fault
        except NoCredentialsError as fault:
            raise GlueRefused("NoCredentials", "No AWS credentials are found for Glue") from fault
        except (BotoCoreError, ResponseParserError, OSError, TimeoutError) as fault:
            raise _Lost(f"Failed to reach AWS Glue: {fault}") from fault

    def ask(self, operation: str, **parameters: Any) -> Any:
        """The answer. Raises: GlueRefused; HIVE_METASTORE_ERROR when there is none."""
        try:
            return LOOP.run(self._request(operation, parameters))
        except _Lost as fault:
            raise LodestarError(HIVE_METASTORE_ERROR, str(fault)) from fault

    def find(self, operation: str, **parameters: Any) -> Any:
        """The same, None for what is not there. Raises: HIVE_METASTORE_ERROR."""
        try:
            return self.ask(operation, **parameters)
        except GlueRefused as refused:
            if refused.missing:
                return None
            raise refused.error() from refused

    def change(self, happened: Callable[[], bool], operation: str, **parameters: Any) -> None:
        """Make a change. `happened`: whether it is there, asked when no answer has come.

        Raises: GlueRefused, HIVE_METASTORE_ERROR, OutcomeUnknown.
        """
        try:
            LOOP.run(self._request(operation, parameters))
        except _Lost as lost:
            try:
                made = happened()
            except LodestarError as fault:
                raise OutcomeUnknown(
                    HIVE_METASTORE_ERROR,
                    f"{lost}; whether the change was made is not known, nothing was removed: {fault.message}",
                ) from fault
            if not made:
                raise LodestarError(HIVE_METASTORE_ERROR, str(lost)) from lost

    def pages(self, operation: str, key: str, **parameters: Any) -> list[Any]:
        """All of a list that comes in pages; empty for what is not there. Raises: HIVE_METASTORE_ERROR."""
        return self._told([LOOP.submit(self._pages(operation, key, parameters))])[0]

    async def _pages(self, operation: str, key: str, parameters: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = []
        token: str | None = None
        while True:
            named = dict(parameters) if token is None else {**parameters, "NextToken": token}
            answer = await self._request(operation, named)
            found += answer.get(key, [])
            token = answer.get("NextToken")
            if not token:
                return found

    def pages_of_each(self, operation: str, key: str, each: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Several lists at the same time, joined."""
        work = [LOOP.submit(self._pages(operation, key, parameters)) for parameters in each]
        return [one for some in self._told(work) for one in some]

    def ask_each(self, operation: str, each: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Several requests at the same time, as many as `hive.metastore.glue.threads` allows, answers in order.

        Raises: GlueRefused, HIVE_METASTORE_ERROR.
        """
        work = []
        for parameters in each:
            self._running.acquire()
            future = LOOP.submit(self._request(operation, parameters))
            future.add_done_callback(lambda _: self._running.release())
            work.append(future)
        return [_result(one) for one in work]

    def _told(self, work: Sequence[Future[list[Any]]]) -> list[list[Any]]:
        found = []
        for one in work:
            try:
                found.append(_result(one))
            except GlueRefused as refused:
                if not refused.missing:
                    raise refused.error() from refused
                found.append([])
        return found

    def close(self) -> None:
        """Connections go."""
        if self._opening is not None:
            LOOP.submit(self._stack.aclose())


def _result(future: Future[Any]) -> Any:
    try:
        return future.result()
    except _Lost as fault:
        raise LodestarError(HIVE_METASTORE_ERROR, str(fault)) from fault


def _credentials(config: GlueConfig) -> dict[str, str]:
    """As the object store is told them: who asks is found in the same way."""
    given = {
        "s3.region": config.region,
        "s3.aws-access-key": config.access_key,
        "s3.aws-secret-key": config.secret_key,
        # With keys and a role the keys are those that ask for the role.
        "s3.iam-role": config.iam_role,
        "s3.external-id": config.external_id,
        "s3.role-session-name": "trino-session" if config.iam_role else None,
        "s3.sts.endpoint": config.sts_endpoint,
        "s3.sts.region": config.sts_region,
        "s3.use-web-identity-token-credentials-provider": "true" if config.web_identity else None,
    }
    return {key: value for key, value in given.items() if value is not None}

"""The client's way through one query: which tokens are answered with what.

    queued/1, queued/2 …   until the statement is accepted, then executing/0, executing/1 … until everything is told

A statement that is through before its queued poll is answered gets its whole result there: a round trip less. Of the
executing documents the last one answered is kept: asking for its token again gives the same bytes, asking for
the next one acknowledges it. Older tokens are gone (410); tokens never handed out do not exist (404), because every
token has a slug of its own. Runs on the event loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from lodestar_server.execution.spool.segments import Segment, SegmentStore
from lodestar_server.protocol.clients import reads_rows_of_a_post
from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.headers import session_change_headers
from lodestar_server.protocol.results import (
    DATA_KEY,
    DocumentUris,
    document_head,
    document_tail,
    queued_document,
)
from lodestar_server.protocol.types import render_columns
from lodestar_server.query.config import ResultConfig
from lodestar_server.query.dispatch.figures import document_figures
from lodestar_server.query.dispatch.manager import QueryManager
from lodestar_server.query.dispatch.query import Query
from lodestar_server.query.dispatch.segmented import (
    ACKNOWLEDGE_PATH,
    DOWNLOAD_PATH,
    SEGMENT,
    SEGMENT_BYTES,
    read_identifier,
    segment_identifier,
    segmented_data,
)
from lodestar_server.query.state import QueryState
from lodestar_server.session import Capability
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.values import frozen

LONG_POLL_SECONDS = 1.0
_FIRST_ROWS_SECONDS = 0.1
"""How long a page that has rows but is not full waits for more."""
_AT_ONCE_SECONDS = 0.02
"""How long a queued poll waits, after the statement was accepted, for a result that fits into its answer."""
_POST_BYTES = 64 << 10
"""Rows that the answer to a POST may hold. A larger result gains little, and who asked may want to see it grow."""
KEPT_BYTES = 64 << 20
"""Last documents of queries that are done are kept up to so many bytes in all."""

QUEUED, EXECUTING = "queued", "executing"


@frozen
class Document:
    """An answer: pieces of its body, and the headers that go with it."""

    parts: tuple[bytes | memoryview, ...]
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def size_bytes(self) -> int:
        """Length of the body."""
        return sum(len(part) for part in self.parts)

    def copy(self) -> Document:
        """The same in one piece, with memory of its own."""
        return Document((b"".join(self.parts),), self.headers)


class Conversations:
    """The conversations of a server's queries."""

    def __init__(self, manager: QueryManager, config: ResultConfig) -> None:
        self.manager = manager
        self.config = config
        self._open: dict[str, Conversation] = {}
        self._kept: OrderedDict[str, int] = OrderedDict()
        self._kept_bytes = 0
        manager.on_completed.append(self._completed)

    async def begin(self, query: Query, base: str) -> Document:
        """The answer to a POST. `base` is the server's address as the client sees it: `http://host:8080`."""
        self._prune()
        conversation = Conversation(query, self)
        self._open[query.id] = conversation
        return await conversation.posted(base)

    def find(self, query_id: str) -> Conversation:
        """The conversation about a query. Raises: RequestFault(404)."""
        found = self._open.get(query_id)
        if found is None or self.manager.find(query_id) is None:
            raise not_found()
        return found

    async def read_segment(self, identifier: str) -> memoryview | None:
        """The bytes of a segment, None when there is none by this name. Raises: LodestarError."""
        store, number, query = self._find_segment(identifier)
        if store is None or query is None:
            return None
        query.heartbeat()
        data = (
            store.read(number)
            if store.in_memory(number)
            else await self.manager.read_blocking(lambda: store.read(number))
        )
        return data

    def acknowledge_segment(self, identifier: str) -> None:
        """The client has a segment; one that does not exist (any more) does no harm."""
        store, number, _ = self._find_segment(identifier)
        if store is not None:
            store.acknowledge(number)

    def _find_segment(self, identifier: str) -> tuple[SegmentStore | None, int, Query | None]:
        parsed = read_identifier(identifier)
        query = None if parsed is None else self.manager.find_segments(parsed[0])
        if parsed is None or query is None or not query.slugs.fits(SEGMENT, parsed[1], parsed[2]):
            return None, 0, None
        return query.segments, parsed[1], query

    def _completed(self, query: Query) -> None:
        """The last document of a query that is done stays; the oldest ones go when there are too many bytes."""
        conversation = self._open.get(query.id)
        size = 0 if conversation is None else conversation.compact()
        if not size:
            return
        self._kept[query.id] = size
        self._kept_bytes += size
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            query_id, freed = self._kept.popitem(last=False)
            self._kept_bytes -= freed
            conversation = self._open.get(query_id)
            if conversation is not None:
                conversation.drop()

    def _prune(self) -> None:
        """Forget conversations about queries that the manager has forgotten."""
        if len(self._open) <= 2 * self.manager.remembered + 16:
            return
        for query_id in [one for one in self._open if self.manager.find(one) is None]:
            del self._open[query_id]
            self._kept_bytes -= self._kept.pop(query_id, 0)


class Conversation:
    """One client's way through one query."""

    def __init__(self, query: Query, all_: Conversations) -> None:
        self.query = query
        self._all = all_
        self._lock = asyncio.Lock()
        self._queued_token = 0
        self._last_token = -1
        self._last: Document | None = None
        self._ended = False
        self._gone = False
        self._executing_given = False
        self._told_at_once: Document | None = None
        self._columns: bytes | None = None

    def check_slug(self, kind: str, token: int, slug: str) -> None:
        """Raises: RequestFault(404)."""
        if not self.query.slugs.fits(kind, token, slug):
            raise not_found()

    async def posted(self, base: str) -> Document:
        """The answer to the POST: QUEUED with a nextUri, whatever is known already. Only who reads rows there, and
        only for a statement that reads, is told a result that is there in time."""
        query, request = self.query, self.query.request
        if query.early and reads_rows_of_a_post(request.capabilities, request.session.user_agent):
            await query.wait_until(self._settled, asyncio.get_running_loop().time() + _AT_ONCE_SECONDS)
            if self._fits_at_once(_POST_BYTES):
                return await self._tell_at_once(base)
        return Document((queued_document(self.query.id, self._uris(base, self._uri(base, QUEUED, 1)), 0, 0),))

    async def queued(self, token: int, slug: str, base: str) -> Document:
        """A poll before the statement is accepted; the first one starts it."""
        query = self.query
        self.check_slug(QUEUED, token, slug)
        if token not in (self._queued_token, self._queued_token + 1):
            raise RequestFault(410, "Invalid token")
        self._queued_token = max(self._queued_token, token)
        query.heartbeat()
        self._all.manager.start(query)
        if not (query.dispatched or query.done):
            deadline = asyncio.get_running_loop().time() + LONG_POLL_SECONDS
            await query.wait_until(lambda: query.dispatched or query.done, deadline)
        if query.dispatched and not self._executing_given:
            await query.wait_until(self._through, asyncio.get_running_loop().time() + _AT_ONCE_SECONDS)
            if self._fits_at_once() or self._told_at_once is not None:
                return await self._tell_at_once(base)
        now = self._all.manager.now
        if query.error is not None and (not query.dispatched or (query.stopped and self._last_token < 0)):
            return Document((self._failed(base, query.error, told_columns=False),))
        queued = round(query.timeline.queued(now) * 1000)
        elapsed = round(query.timeline.elapsed(now) * 1000)
        self._executing_given = self._executing_given or query.dispatched
        next_uri = self._uri(base, EXECUTING, 0) if query.dispatched else self._uri(base, QUEUED, token + 1)
        return Document((queued_document(query.id, self._uris(base, next_uri), queued, elapsed),))

    def _through(self) -> bool:
        """Whether waiting longer cannot give a whole result in one document."""
        query = self.query
        if query.complete or query.done:
            return True
        return query.spool is not None and query.spool.ready_bytes > self._all.config.target_page_size

    def _settled(self) -> bool:
        return self.query.done or (self.query.dispatched and self._through())

    def _fits_at_once(self, most_bytes: int | None = None) -> bool:
        query = self.query
        if not query.complete or query.error is not None:
            return False
        page_size = self._all.config.target_page_size
        return query.spool is None or query.spool.ready_bytes <= min(page_size, most_bytes or page_size)

    async def _tell_at_once(self, base: str) -> Document:
        """The whole result; the same bytes again when asked again."""
        async with self._lock:
            if self._told_at_once is None:
                document, self._ended = await self._next(-1, base)
                self._told_at_once = document
            if self._gone:
                raise RequestFault(410, "HTTP 410 Gone")
            return self._told_at_once

    async def executing(self, token: int, slug: str, base: str) -> Document:
        """A poll for results. Polls of one query are answered one after the other."""
        self.check_slug(EXECUTING, token, slug)
        self.query.heartbeat()
        async with self._lock:
            if token < self._last_token or self._gone:
                raise RequestFault(410, "HTTP 410 Gone")
            if token == self._last_token and self._last is not None:
                return self._last
            if token != self._last_token + 1 or self._ended:
                raise not_found()
            document, ended = await self._next(token, base)
            self._last_token, self._last, self._ended = token, document, ended
            self.query.heartbeat()
            return document

    def heartbeat(self, token: int, slug: str) -> None:
        """HEAD: the client is alive. Raises: RequestFault(404)."""
        self.check_slug(EXECUTING, token, slug)
        self.query.heartbeat()

    def cancel(self, kind: str, token: int, slug: str) -> None:
        """DELETE: the client wants no more; after the end it frees what was kept. Raises: RequestFault(404)."""
        self.check_slug(kind, token, slug)
        if self.query.done:
            if kind == EXECUTING:
                self.drop()
                self.query.release()
            return
        self._all.manager.cancel(self.query)

    def compact(self) -> int:
        """Copy what may be asked for again: its rows are a slice of a batch, which may be many times larger. The
        bytes that are kept."""
        if self._last is not None:
            self._last = self._last.copy()
        if self._told_at_once is not None:
            self._told_at_once = self._told_at_once.copy()
        return sum(0 if one is None else one.size_bytes for one in (self._last, self._told_at_once))

    def drop(self) -> None:
        """Free the last document; its token is gone."""
        self._gone = True
        self._last = self._told_at_once = None

    async def _next(self, token: int, base: str) -> tuple[Document, bool]:
        """Build the next document; the second answer is whether it is the last."""
        query = self.query
        target: int = self._all.config.target_page_size
        await self._wait_for_rows(target)
        # The order matters: what was complete before the page was cut is complete after it.
        complete = query.complete
        error = query.error
        data: tuple[Any, ...] | None = None
        if error is None and query.spool is not None:
            try:
                data = await self._take(target, base)
            except LodestarError as fault:
                query.fail(fault)
            error = query.error
        if error is not None:
            return Document((self._failed(base, error),)), True
        ended = complete and (query.spool is None or query.spool.empty)
        if ended:
            query.advance(QueryState.FINISHED)
            if query.error is not None:  # killed in this very moment
                return Document((self._failed(base, query.error),)), True
        return self._document(token, base, data, ended), ended

    async def _wait_for_rows(self, target: int) -> None:
        query = self.query

        def full() -> bool:
            return query.done or query.complete or (query.spool is not None and query.spool.ready_bytes >= target)

        def some() -> bool:
            return full() or (query.spool is not None and not query.spool.empty)

        if full():
            return
        now = asyncio.get_running_loop().time()
        if await query.wait_until(some, now + LONG_POLL_SECONDS) and not full():
            more = asyncio.get_running_loop().time() + _FIRST_ROWS_SECONDS
            await query.wait_until(full, min(more, now + LONG_POLL_SECONDS))

    async def _take(self, target: int, base: str) -> tuple[Any, ...] | None:
        """The `data` of the next document in pieces, None without rows. Raises: LodestarError."""
        spool = self.query.spool
        assert spool is not None
        if self.query.segments is None and not spool.next_on_disk:
            return self._take_now(target, base)
        if spool.empty:
            return None
        return await self._all.manager.read_blocking(lambda: self._take_now(target, base))

    def _take_now(self, target: int, base: str) -> tuple[Any, ...] | None:
        """Pieces: the first and the last are bytes, those between the rows as they lie in the spool."""
        query = self.query
        assert query.spool is not None
        # A segment takes what is there: waiting for more would leave the kernel waiting for room.
        page = query.spool.take(target if query.segments is None else max(target, SEGMENT_BYTES))
        if page is None:
            return None
        if query.segments is not None:
            assert query.columns is not None and query.request.encoding is not None

            def uris_of(segment: Segment) -> tuple[str, str]:
                slug = query.slugs.make(SEGMENT, segment.number)
                identifier = segment_identifier(query.id, segment.number, slug)
                return f"{base}{DOWNLOAD_PATH}{identifier}", f"{base}{ACKNOWLEDGE_PATH}{identifier}"

            return (segmented_data(page, query.columns, query.request.encoding, query.segments, uris_of),)
        rows = list(page.parts)
        rows[-1] = rows[-1][:-1]  # the comma after the last row
        return (b"[", *rows, b"]")

    def _document(self, token: int, base: str, data: tuple[Any, ...] | None, ended: bool) -> Document:
        query = self.query
        next_uri = None if ended else self._uri(base, EXECUTING, token + 1)
        partial = None
        figures = document_figures(query, self._all.manager.now, with_rows=data is not None)
        if not ended and figures.root_stage is not None and figures.root_stage.state == "RUNNING":
            stage = figures.root_stage.sub_stages[0] if figures.root_stage.sub_stages else figures.root_stage
            partial = self._partial_cancel_uri(base, stage.stage_id, token + 1)
        head = document_head(query.id, self._uris(base, next_uri, partial), self._rendered_columns())
        tail = document_tail(
            figures,
            warnings=() if query.context is None else tuple(query.context.warnings),
            update_type=query.update_type if query.columns is not None else None,
            update_count=query.update_count,
        )
        headers = tuple(self._change_headers()) if query.complete else ()
        if data is None:
            return Document((head + tail,), headers)
        # Few pieces: each costs the socket more than joining it to the next.
        parts = [*data]
        parts[0] = head + DATA_KEY + parts[0]
        parts[-1] = parts[-1] + b"," + tail
        return Document(tuple(parts), headers)

    def _failed(self, base: str, error: LodestarError, *, told_columns: bool = True) -> bytes:
        """The last document of a query that failed. Before dispatch nothing is told of what ran ahead of the client."""
        query = self.query
        figures = document_figures(query, self._all.manager.now, with_rows=False)
        columns = self._rendered_columns() if told_columns else None
        if not told_columns:
            figures = replace(figures, scheduled=False, progress_percentage=None, root_stage=None)
        head = document_head(query.id, self._uris(base, None), columns)
        warnings = () if query.context is None else tuple(query.context.warnings)
        update_type = query.update_type if columns is not None else None
        return head + document_tail(figures, error=error, warnings=warnings, update_type=update_type)

    def _rendered_columns(self) -> bytes | None:
        if self._columns is None and self.query.columns is not None:
            parametric = Capability.PARAMETRIC_DATETIME in self.query.session.capabilities
            self._columns = render_columns(tuple((one.name, one.type) for one in self.query.columns), parametric)
        return self._columns

    def _change_headers(self) -> list[tuple[str, str]]:
        if self.query.changes is None:
            return []
        config = self._all.config
        compression = (config.prepared_compression_threshold, config.prepared_compression_min_gain)
        return session_change_headers(self.query.changes, self.query.session.protocol_prefix, compression=compression)

    def _uri(self, base: str, kind: str, token: int) -> str:
        return f"{base}/v1/statement/{kind}/{self.query.id}/{self.query.slugs.make(kind, token)}/{token}"

    def _partial_cancel_uri(self, base: str, stage: str, token: int) -> str:
        slug = self.query.slugs.make(EXECUTING, token)
        return f"{base}/v1/statement/executing/partialCancel/{self.query.id}/{stage}/{slug}/{token}"

    def _uris(self, base: str, next_uri: str | None, partial: str | None = None) -> DocumentUris:
        template = self._all.config.info_url_template
        if template is None:
            info = f"{base}/ui/query.html?{self.query.id}"
        else:
            info = template.replace("${QUERY_ID}", self.query.id)
        return DocumentUris(info, next_uri, partial)


def not_found() -> RequestFault:
    """The answer to a URI that is not this query's: unknown id, wrong slug, token never given."""
    return RequestFault(404, "Query not found")

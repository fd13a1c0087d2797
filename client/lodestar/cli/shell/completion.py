"""Completion of the input: commands, keywords, and the names that fit where the cursor is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from lodestar.cli.shell.commands import COMMANDS
from lodestar.cli.sql.context import Place, Wanted, find_place, written_name
from lodestar.cli.sql.words import KEYWORDS
from lodestar.session import ClientSession


class Names(Protocol):
    """Where names come from."""

    def catalogs(self) -> Iterable[str]: ...

    def schemas(self, catalog: str) -> Iterable[str]: ...

    def tables(self, catalog: str, schema: str) -> Iterable[str]: ...

    def columns(self, catalog: str, schema: str, table: str) -> Iterable[str]: ...

    def functions(self) -> Iterable[str]: ...


class HasSession(Protocol):
    """Who knows the session."""

    @property
    def session(self) -> ClientSession: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that may stand for the word, and what it is."""

    text: str
    about: str


class SqlCompleter(Completer):
    """Asks the server in the thread that prompt_toolkit gives it."""

    def __init__(self, names: Names, remote: HasSession) -> None:
        self._names = names
        self._remote = remote

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        place = find_place(document.text, document.cursor_position)
        back = len(place.prefix) + (1 if place.quoted else 0)
        for candidate in candidates(place, self._names, self._remote.session, first=_is_first(document, back)):
            yield Completion(candidate.text, start_position=-back, display_meta=candidate.about)


def _is_first(document: Document, back: int) -> bool:
    return not document.text[: document.cursor_position - back].strip()


def candidates(place: Place, names: Names, session: ClientSession, *, first: bool) -> list[Candidate]:
    """What fits a place, best first. `first`: the word begins the input."""
    prefix = place.prefix.lower()
    found: list[Candidate] = []

    def add(texts: Iterable[str], about: str) -> None:
        found.extend(Candidate(written_name(text), about) for text in sorted(texts) if text.lower().startswith(prefix))

    if place.qualifiers:
        _add_qualified(place, names, session, add)
        return found
    if place.wanted in (Wanted.RELATION, Wanted.SCHEMA):
        if place.wanted is Wanted.RELATION and session.catalog and session.schema:
            add(names.tables(session.catalog, session.schema), "table")
        if session.catalog:
            add(names.schemas(session.catalog), "schema")
        add(names.catalogs(), "catalog")
    elif place.wanted is Wanted.CATALOG:
        add(names.catalogs(), "catalog")
    elif place.wanted is Wanted.EXPRESSION and not place.quoted:
        for alias, parts in place.relations.items():
            whole = _whole_name(parts, session)
            if whole is not None:
                add(names.columns(*whole), "column")
            add([alias], "table")
        if prefix:
            add(names.functions(), "function")
    elif place.wanted is Wanted.EXPRESSION:
        for parts in place.relations.values():
            whole = _whole_name(parts, session)
            if whole is not None:
                add(names.columns(*whole), "column")
    if prefix and not place.quoted:
        found += _words(place.prefix, first=first)
    return list(dict.fromkeys(found))


def _add_qualified(place: Place, names: Names, session: ClientSession, add: object) -> None:
    assert callable(add)
    qualifiers = place.qualifiers
    relation = place.relations.get(qualifiers[-1]) if len(qualifiers) == 1 else qualifiers
    whole = _whole_name(relation, session) if relation is not None else None
    if place.wanted is Wanted.EXPRESSION and whole is not None:
        add(names.columns(*whole), "column")
        return
    if len(qualifiers) == 1:
        if session.catalog and place.wanted is not Wanted.SCHEMA and qualifiers[0] in names.schemas(session.catalog):
            add(names.tables(session.catalog, qualifiers[0]), "table")
        if qualifiers[0] in names.catalogs():
            add(names.schemas(qualifiers[0]), "schema")
    elif len(qualifiers) == 2 and place.wanted is not Wanted.SCHEMA:
        add(names.tables(*qualifiers), "table")


def _whole_name(parts: tuple[str, ...], session: ClientSession) -> tuple[str, str, str] | None:
    """Catalog, schema and table, as the session completes them."""
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    if len(parts) == 2 and session.catalog:
        return session.catalog, parts[0], parts[1]
    if len(parts) == 1 and session.catalog and session.schema:
        return session.catalog, session.schema, parts[0]
    return None


def _words(prefix: str, *, first: bool) -> Iterator[Candidate]:
    """Keywords in the case in which the word was begun."""
    wanted = prefix.upper()
    words = KEYWORDS | {command.upper() for command in COMMANDS} if first else KEYWORDS
    for word in sorted(words):
        if word.startswith(wanted):
            yield Candidate(word.lower() if prefix.islower() else word, "keyword" if word in KEYWORDS else "command")

"""Routines that a catalog keeps: found through the SQL path, read and analyzed when a query calls them."""

from __future__ import annotations

from dataclasses import replace

from lodestar_server.ir import Routine
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import Location, LodestarError
from lodestar_server.spi.names import QualifiedName
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.parser import ast, parse_function_specification, parse_path_specification


def find_stored(analysis: Analysis, name: ast.QualifiedName, at: Location) -> list[Routine]:
    """The routines that a function's name means: those of the first schema of the path that has some.

    Raises: PERMISSION_DENIED.
    """
    if analysis.stored_functions is None:
        return []
    for candidate in _candidates(analysis, name):
        known = analysis.stored_routines.get(candidate)
        if known is None:
            found = analysis.stored_functions.find_language_functions(candidate)
            known = analysis.stored_routines[candidate] = [_load(analysis, one) for one in found]
        if known:
            analysis.stored_functions.check_can_execute_function(candidate, analysis.names.reader, at)
            return known
    return []


def catalog_name(analysis: Analysis, name: ast.QualifiedName) -> QualifiedName | None:
    """A qualified name with its catalog; None for a name without a schema."""
    if len(name.parts) not in (2, 3):
        return None
    return next(iter(_candidates(analysis, name)), None)


def _candidates(analysis: Analysis, name: ast.QualifiedName) -> list[QualifiedName]:
    names, parts = analysis.names, name.parts
    if len(parts) == 3:
        return [QualifiedName(*parts)]
    if len(parts) == 2:
        return [] if names.catalog is None else [QualifiedName(names.catalog, *parts)]
    if len(parts) > 3 or analysis.stored_functions is None:
        return []
    schemas = schemas_of(names.path, names.catalog, analysis.stored_functions.function_schema)
    return [QualifiedName(catalog, schema, parts[0]) for catalog, schema in schemas]


def schemas_of(path: str | None, catalog: str | None, function_schema: tuple[str, str] | None) -> list[tuple[str, str]]:
    """Where a routine without a schema is looked for: a path that is set replaces the schema of such routines."""
    return _path(path, catalog) or ([] if function_schema is None else [function_schema])


def _path(path: str | None, catalog: str | None) -> list[tuple[str, str]]:
    if not path:
        return []
    try:
        elements = parse_path_specification(path).path
    except LodestarError:
        return []
    found: list[tuple[str, str]] = []
    for element in elements:
        where = catalog if element.catalog is None else element.catalog.value.lower()
        if where is not None:
            found.append((where, element.schema.value.lower()))
    return found


def _load(analysis: Analysis, function: LanguageFunction) -> Routine:
    # Its names mean what they meant where it was created: not the inline functions of this query.
    inner = replace(
        analysis,
        names=replace(analysis.names, path=function.path),
        routines={},
        parameters=(),
        describing=False,
        top_level=False,
    )
    assert analysis.analyze_routine is not None
    return analysis.analyze_routine(inner, parse_function_specification(function.sql))

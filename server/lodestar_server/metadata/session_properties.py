"""Catalog session properties: from the session's texts to the values that connectors use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from lodestar_server.metadata.catalogs import Catalog
from lodestar_server.spi.errors import INVALID_SESSION_PROPERTY, LodestarError
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, ArrayType, MapType, Type
from lodestar_server.spi.types.numbers import double_text


def decode_session_properties(catalog: Catalog, texts: Mapping[str, str]) -> Mapping[str, Any]:
    """Every session property of the catalog, with its default unless the session sets it.

    Raises: INVALID_SESSION_PROPERTY for a name that is not one, or a text that is no value.
    """
    if not texts:
        return catalog.session_defaults
    values = dict(catalog.session_defaults)
    for name, text in texts.items():
        declared = catalog.session_properties.get(name)
        if declared is None:
            raise LodestarError(INVALID_SESSION_PROPERTY, f"Session property '{catalog.name}.{name}' does not exist")
        values[name] = _decode(catalog.name, declared, text)
    return values


def _decode(catalog: str, declared: PropertyMetadata, text: str) -> Any:
    try:
        return declared.decode(decode_session_text(declared.type, text))
    except ValueError as fault:
        raise LodestarError(
            INVALID_SESSION_PROPERTY, f"Session property '{catalog}.{declared.name}' is invalid: {fault}"
        ) from fault


def decode_session_text(type_: Type, text: str) -> Any:
    """A session property's text as a value of its SQL type; arrays and maps are JSON. Raises: ValueError."""
    match type_:
        case _ if type_ == BOOLEAN:
            return text.lower() == "true"
        case _ if type_ in (INTEGER, BIGINT):
            return int(text)
        case _ if type_ == DOUBLE:
            return float(text)
        case ArrayType():
            return tuple(orjson.loads(text))
        case MapType():
            return tuple(orjson.loads(text).items())
    return text


def encode_session_value(type_: Type, value: Any) -> str:
    """A property's SQL value as the text of SHOW SESSION; the inverse of `decode_session_text`. NULL is empty."""
    if value is None:
        return ""
    match type_:
        case _ if type_ == BOOLEAN:
            return "true" if value else "false"
        case ArrayType():
            return orjson.dumps(list(value)).decode()
        case MapType():
            return orjson.dumps(dict(value)).decode()
    return double_text(value) if type_ == DOUBLE else str(value)

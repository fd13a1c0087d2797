"""Rows of Avro data files as values of the engine, by field id; pages as such rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_BAD_DATA
from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.manifests import avro_type, decimal_length
from lodestar_server.plugins.connectors.iceberg.format.types import (
    DecimalOf,
    Field,
    IcebergType,
    ListOf,
    MapOf,
    Struct,
)
from lodestar_server.plugins.connectors.iceberg.format.values import to_constant
from lodestar_server.plugins.connectors.iceberg.name_mapping import Names
from lodestar_server.plugins.connectors.iceberg.raw_arrays import raw_array
from lodestar_server.plugins.toolkit import avro_encoding as avro
from lodestar_server.plugins.toolkit.avro_encoding import Encoder
from lodestar_server.spi.errors import LodestarError

Read = Callable[[Any], Any]


def row_reader(
    schema: Mapping[str, Any], fields: Sequence[Field], names: Names
) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """From a record to one value per field, as in `ir.Constant`; None for a field that the file lacks. `names` are
    those of fields in files without ids."""
    readers = _record_readers(schema, fields, names)
    return lambda record: tuple(None if name is None else read(record[name]) for name, read in readers)


def _record_readers(schema: Mapping[str, Any], fields: Sequence[Field], names: Names) -> list[tuple[str | None, Read]]:
    by_id = {one["field-id"]: one for one in schema["fields"] if "field-id" in one}
    by_name = {one["name"].lower(): one for one in schema["fields"]} if not by_id else {}
    found: list[tuple[str | None, Read]] = []
    for field in fields:
        known = names.get(field.id, ())
        one = by_id.get(field.id) or next((by_name[name.lower()] for name in known if name.lower() in by_name), None)
        if one is None:
            found.append((None, lambda _: None))
        else:
            found.append((one["name"], _reader(_without_null(one["type"]), field.type)))
    return found


def _without_null(type_: Any) -> Any:
    if isinstance(type_, list):
        return next((one for one in type_ if one != "null"), "null")
    return type_


def _reader(avro: Any, wanted: IcebergType) -> Read:
    match wanted:
        case Struct(fields):
            inside = _record_readers(avro, fields, {one.id: (one.name,) for one in fields})

            def read_struct(value: Any) -> Any:
                if value is None:
                    return None
                return tuple(None if name is None else read(value[name]) for name, read in inside)

            return read_struct
        case ListOf():
            item = _reader(_without_null(avro["items"]), wanted.element)
            return lambda value: None if value is None else tuple(map(item, value))
        case MapOf():
            return _map_reader(avro, wanted)
        case DecimalOf():
            return _decimal_reader(avro, wanted)
    return _primitive_reader(avro, wanted)


_PHYSICAL: Mapping[IcebergType, tuple[str, ...]] = {
    ice.BOOLEAN: ("boolean",),
    ice.INT: ("int",),
    ice.LONG: ("int", "long"),
    ice.FLOAT: ("float",),
    ice.DOUBLE: ("float", "double"),
    ice.STRING: ("string", "enum"),
    ice.BINARY: ("bytes", "fixed"),
    ice.DATE: ("int",),
    ice.TIME: ("long",),
    ice.TIMESTAMP: ("long",),
    ice.TIMESTAMPTZ: ("long",),
}
_MILLISECONDS = ("timestamp-millis", "local-timestamp-millis")


def _primitive_reader(avro: Any, wanted: IcebergType) -> Read:
    physical, logical = (avro.get("type"), avro.get("logicalType")) if isinstance(avro, dict) else (avro, None)
    # Files of other writers that were added to a table may hold anything under a column's name.
    if physical not in _PHYSICAL.get(wanted, (physical,)) or (wanted == ice.DATE) != (logical == "date"):
        raise LodestarError(ICEBERG_BAD_DATA, f"Value in file does not fit {wanted}: {logical or physical}")
    if logical in _MILLISECONDS:
        return lambda value: None if value is None else to_constant(wanted, value * 1000)
    return lambda value: to_constant(wanted, value)


def _decimal_reader(avro: Any, wanted: DecimalOf) -> Read:
    if not isinstance(avro, dict) or avro.get("logicalType") != "decimal" or avro.get("scale", 0) != wanted.scale:
        raise LodestarError(ICEBERG_BAD_DATA, f"Value in file does not fit {wanted}: {avro}")
    return lambda value: None if value is None else int.from_bytes(value, "big", signed=True)


def _map_reader(avro: Any, wanted: MapOf) -> Read:
    if avro["type"] == "map":
        item = _reader(_without_null(avro["values"]), wanted.value)
        return lambda value: None if value is None else tuple((key, item(one)) for key, one in value.items())
    entry = {one["name"]: _without_null(one["type"]) for one in avro["items"]["fields"]}
    key, item = _reader(entry["key"], wanted.key), _reader(entry["value"], wanted.value)

    def read_map(value: Any) -> Any:
        return None if value is None else tuple((key(one["key"]), item(one["value"])) for one in value)

    return read_map


# writing


def record_schema(struct: Struct, name: str = "table") -> dict[str, Any]:
    """Avro's schema of rows, with field ids."""
    return _Schemas().record(struct, name)


class _Schemas:
    """A named type may be defined once."""

    def __init__(self) -> None:
        self._named: set[str] = set()

    def record(self, struct: Struct, name: str) -> dict[str, Any]:
        fields = []
        for one in struct.fields:
            made = self.of(one.type, one.id)
            fields.append(
                {"name": one.name, "type": made, "field-id": one.id}
                if one.required
                else {"name": one.name, "type": ["null", made], "default": None, "field-id": one.id}
            )
        return {"type": "record", "name": name, "fields": fields}

    def of(self, type_: IcebergType, id_: int) -> Any:
        match type_:
            case Struct():
                return self.record(type_, f"r{id_}")
            case ListOf():
                item = self.of(type_.element, type_.element_id)
                items = item if type_.element_required else ["null", item]
                return {"type": "array", "items": items, "element-id": type_.element_id}
            case MapOf():
                key, value = self.of(type_.key, type_.key_id), self.of(type_.value, type_.value_id)
                return {
                    "type": "array",
                    "logicalType": "map",
                    "items": {
                        "type": "record",
                        "name": f"k{type_.key_id}_v{type_.value_id}",
                        "fields": [
                            {"name": "key", "type": key, "field-id": type_.key_id},
                            {
                                "name": "value",
                                "type": value if type_.value_required else ["null", value],
                                "field-id": type_.value_id,
                            },
                        ],
                    },
                }
        made = avro_type(type_)
        name = made.get("name") if isinstance(made, dict) else None
        if name in self._named:
            return name
        if name:
            self._named.add(name)
        return made


def row_encoders(struct: Struct) -> list[Encoder]:
    """From a page's columns to the bytes of `record_schema`."""
    return [_encoder(one.type, None if one.required else _NULLABLE) for one in struct.fields]


_NULLABLE = avro.Optional()


def _encoder(type_: IcebergType, union: avro.Union) -> Encoder:
    match type_:
        case Struct():
            return avro.records(row_encoders(type_), union)
        case ListOf():
            return avro.arrays(_encoder(type_.element, None if type_.element_required else _NULLABLE), union)
        case MapOf():
            value = _encoder(type_.value, None if type_.value_required else _NULLABLE)
            return avro.maps(_encoder(type_.key, None), value, union)
        case DecimalOf():
            return avro.decimals(union, decimal_length(type_.precision))
    made = avro_type(type_)
    physical = made["type"] if isinstance(made, dict) else made
    encode = _ENCODERS[physical](union)
    return lambda values: encode(raw_array(type_, values))


_ENCODERS: Mapping[str, Callable[[avro.Union], Encoder]] = {
    "boolean": avro.booleans,
    "int": avro.longs,
    "long": avro.longs,
    "float": avro.floats,
    "double": avro.floats,
    "string": avro.texts,
    "bytes": avro.texts,
    "fixed": avro.blocks,
}

"""Changed metadata: another schema, partition spec or sort order becomes the current one, older ones stay known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lodestar_server.plugins.connectors.iceberg.definitions import partitioning_of, sorting_of
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.partitioning import PartitionField, PartitionSpec
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema, SchemaChange, SchemaError
from lodestar_server.plugins.connectors.iceberg.format.transforms import Transform
from lodestar_server.plugins.connectors.iceberg.format.types import IcebergType, Primitive, Struct, same_type
from lodestar_server.plugins.connectors.iceberg.name_mapping import PROPERTY, changed_mapping


def with_schema(base: TableMetadata, schema: Schema, last_id: int) -> TableMetadata:
    """With a schema as the current one; the same schema is not kept twice."""
    for known in base.schemas:
        if known.struct == schema.struct and known.identifiers == schema.identifiers:
            return replace(base, current_schema_id=known.id, last_column_id=max(base.last_column_id, last_id))
    made = Schema(schema.struct, max(one.id for one in base.schemas) + 1, schema.identifiers)
    return replace(
        base,
        schemas=(*base.schemas, made),
        current_schema_id=made.id,
        last_column_id=max(base.last_column_id, last_id),
    )


def changed_schema(base: TableMetadata, change: SchemaChange) -> TableMetadata:
    """After changes of the current schema; partition fields that had the name of their column get its new one."""
    made = with_schema(base, change.schema, change.last_id)
    if PROPERTY in base.properties:
        mapping = changed_mapping(base.properties[PROPERTY], change.schema)
        made = replace(made, properties={**made.properties, PROPERTY: mapping})
    names = {
        one.id: change.schema.names.get(one.id)
        for one in base.schema.columns
        if change.schema.names.get(one.id) not in (None, one.name)
    }
    if not names:
        return made
    specs = []
    for spec in made.specs:
        fields = []
        for one in spec.fields:
            old = base.schema.names.get(one.source_id)
            new = names.get(one.source_id)
            if new is not None and one.transform.kind == "identity" and one.name == old:
                one = replace(one, name=new)
            fields.append(one)
        specs.append(PartitionSpec(spec.id, tuple(fields)))
    return replace(made, specs=tuple(specs))


def changed_type(change: SchemaChange, name: str, old: IcebergType, new: IcebergType) -> None:
    """Make a column's type another one: promoted values, or fields of a row added, dropped, changed and ordered.

    Raises: SchemaError.
    """
    if same_type(old, new):
        return
    if isinstance(old, Primitive) and isinstance(new, Primitive):
        change.set_type(name, new)
        return
    if not (isinstance(old, Struct) and isinstance(new, Struct)):
        raise SchemaError(f"Cannot change type from {old} to {new}")
    for field in old.fields:
        wanted = new.find(field.name)
        if wanted is None:
            change.drop(f"{name}.{field.name}")
        else:
            changed_type(change, f"{name}.{field.name}", field.type, wanted.type)
    for field in new.fields:
        if old.find(field.name) is None:
            change.add(name, field.name, field.type)
    change.order(name, [field.name for field in new.fields])


def with_partitioning(base: TableMetadata, texts: Sequence[str]) -> TableMetadata:
    """With a partition spec as the default one. Fields that stay keep their ids. Raises: INVALID_TABLE_PROPERTY."""
    wanted = partitioning_of(base.schema, texts)
    last = base.last_partition_id
    known = {(one.source_id, one.transform): one for spec in base.specs for one in spec.fields}
    fields: list[PartitionField] = []
    for one in base.spec.fields:
        if any(_same_field(one, other) for other in wanted.fields):
            fields.append(one)
        elif base.format_version < 2:
            # Old tables number their fields by place: a field that goes leaves a gap that is always NULL.
            fields.append(replace(one, transform=Transform("void")))
    for one in wanted.fields:
        if any(_same_field(one, other) for other in fields):
            continue
        old = known.get((one.source_id, one.transform)) if base.format_version > 1 else None
        if old is not None and all(old.id != other.id for other in fields):
            fields.append(replace(one, id=old.id))
        else:
            last += 1
            fields.append(replace(one, id=last))
    made = PartitionSpec(max(spec.id for spec in base.specs) + 1, tuple(fields))
    for spec in base.specs:
        if spec.fields == made.fields:
            return replace(base, default_spec_id=spec.id)
    return replace(base, specs=(*base.specs, made), default_spec_id=made.id, last_partition_id=last)


def _same_field(one: PartitionField, other: PartitionField) -> bool:
    return one.source_id == other.source_id and one.transform == other.transform and one.name == other.name


def with_sorting(base: TableMetadata, texts: Sequence[str]) -> TableMetadata:
    """With a sort order as the default one. Raises: INVALID_TABLE_PROPERTY and what `sorting_of` raises."""
    order = sorting_of(base.schema, texts, max(one.id for one in base.orders) + 1)
    for known in base.orders:
        if known.fields == order.fields:
            return replace(base, default_order_id=known.id)
    if not order.fields:
        # Zero is the order of what is not sorted, and of nothing else.
        order = replace(order, id=0)
    return replace(base, orders=(*base.orders, order), default_order_id=order.id)

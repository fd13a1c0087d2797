"""What Glue is told about the partitions that a query wants; it answers with those, and perhaps with others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lodestar_server.plugins.toolkit.metastore.interface import PartitionTexts

MOST_CHARACTERS = 2048
_WORDS = """
all and any as asc begin between by case create delete desc distinct do drop else end escape exists from full group
having in index inner insert intersect into is join key left like limit natural not null offset on open or order outer
primary replace right select set some table then top truncate union update using values when where with
"""
_RESERVED = frozenset(_WORDS.split())
"""Of the parser that Glue reads expressions with; a column of such a name cannot be in one."""


def partition_expression(columns: Sequence[str], wanted: PartitionTexts) -> str:
    """Conditions of as many columns as fit, empty for none. Source: AWS Glue, GetPartitions, Expression."""
    made = ""
    for one in _conditions(columns, wanted):
        longer = f"{made} AND {one}" if made else one
        if len(longer) <= MOST_CHARACTERS:
            made = longer
    return made


def _conditions(columns: Sequence[str], wanted: PartitionTexts) -> Iterator[str]:
    for column, texts in zip(columns, wanted, strict=True):
        # Quotes cannot be escaped in every version of that parser.
        if not texts or column.lower() in _RESERVED or any("'" in one or "\\" in one for one in texts):
            continue
        listed = ", ".join(f"'{one}'" for one in texts)
        yield f"({column} = {listed})" if len(texts) == 1 else f"({column} in ({listed}))"

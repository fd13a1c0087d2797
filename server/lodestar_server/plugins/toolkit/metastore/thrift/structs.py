"""The structs and calls of `metastore.thrift`, read when the first of them is needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any


@cache
def structs() -> Any:
    """The module of structs."""
    import thriftpy2

    return thriftpy2.load(str(Path(__file__).with_name("metastore.thrift")), module_name="lodestar_metastore_thrift")

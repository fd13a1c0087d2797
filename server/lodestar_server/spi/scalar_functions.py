"""Scalar functions of a catalog: names of its own for what the engine computes."""

from __future__ import annotations

from lodestar_server.spi.values import frozen


@frozen
class ConnectorFunction:
    """`<catalog>.<schema>.<name>`, called with a qualified name.

    `computed_as`: the engine's own name of it, which its catalogue of functions has with signature and description.
    """

    schema: str
    name: str
    computed_as: str

"""How result rows can be encoded for a client: a table of encodings, and the choice between what is offered.

Rows inside the documents need none of these; an encoding is agreed on for segments (the spooling protocol).
"""

from lodestar_server.protocol.encodings.table import ENCODINGS, Encoding, choose_encoding

__all__ = ["ENCODINGS", "Encoding", "choose_encoding"]

"""QueryResults documents, in the shape that a real server gives them."""

from __future__ import annotations

import json

from lodestar.protocol.messages import HttpResponse

QUERY = "20260101_000000_00000_abcde"
NEXT = f"http://server:8080/v1/statement/queued/{QUERY}/yslug/1"
RAW = {"varchar": [2147483647]}


def response(body, headers=()):
    """A 200 answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(200, list(headers), data)


def posted(**more):
    """The answer to POST."""
    return page(state="QUEUED", **more)


def page(*, state="RUNNING", next_uri=NEXT, **more):
    """A document; keys that are None are left out."""
    found = {
        "id": QUERY,
        "infoUri": f"http://server:8080/ui/query.html?{QUERY}",
        "nextUri": next_uri,
        "stats": {"state": state, "queued": state == "QUEUED"},
        "warnings": [],
        **more,
    }
    return {key: value for key, value in found.items() if value is not None}


def column(name, raw, *arguments, text=None):
    """A column; numbers among the arguments are LONG, documents TYPE."""
    return {"name": name, "type": text or raw, "typeSignature": signature(raw, *arguments)}


def signature(raw, *arguments):
    """A typeSignature. A pair is a field of a row: name (None for none) and type."""
    found = []
    for one in arguments or RAW.get(raw, ()):
        if isinstance(one, int):
            found.append({"kind": "LONG", "value": one})
        elif isinstance(one, tuple):
            field = {"typeSignature": one[1]}
            if one[0] is not None:
                field["fieldName"] = {"name": one[0]}
            found.append({"kind": "NAMED_TYPE", "value": field})
        else:
            found.append({"kind": "TYPE", "value": one})
    return {"rawType": raw, "arguments": found}

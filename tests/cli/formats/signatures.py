"""Type signatures as the protocol writes them."""


def plain(raw):
    return {"rawType": raw, "arguments": []}


def array(item):
    return {"rawType": "array", "arguments": [{"kind": "TYPE", "value": item}]}


def mapping(key, value):
    return {"rawType": "map", "arguments": [{"kind": "TYPE", "value": key}, {"kind": "TYPE", "value": value}]}


def row(*fields):
    return {
        "rawType": "row",
        "arguments": [
            {
                "kind": "NAMED_TYPE",
                "value": {**({"fieldName": {"name": name}} if name else {}), "typeSignature": signature},
            }
            for name, signature in fields
        ],
    }


BIGINT, DOUBLE, VARCHAR, VARBINARY = plain("bigint"), plain("double"), plain("varchar"), plain("varbinary")

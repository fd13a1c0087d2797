"""How the numbers of a result type follow from those of the argument types, by name: the `derive=` of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lodestar_server.spi.types import MAX_DECIMAL_PRECISION, MAX_VARCHAR_LENGTH

UNBOUNDED = MAX_VARCHAR_LENGTH + 1

Numbers = Mapping[str, int]


def _length(value: int) -> int:
    return min(UNBOUNDED, value)


def _digits(precision: int) -> int:
    return min(MAX_DECIMAL_PRECISION, precision)


def _modulo(n: Numbers) -> dict[str, int]:
    integral = min(n["b_precision"] - n["b_scale"], n["a_precision"] - n["a_scale"])
    scale = max(n["a_scale"], n["b_scale"])
    return {"r_precision": integral + scale, "r_scale": scale}


def _add(n: Numbers) -> dict[str, int]:
    integral = max(n["a_precision"] - n["a_scale"], n["b_precision"] - n["b_scale"])
    scale = max(n["a_scale"], n["b_scale"])
    return {"r_precision": _digits(integral + scale + 1), "r_scale": scale}


def _divide(n: Numbers) -> dict[str, int]:
    grown = n["a_precision"] + n["b_scale"] + max(n["b_scale"] - n["a_scale"], 0)
    return {"r_precision": _digits(grown), "r_scale": max(n["a_scale"], n["b_scale"])}


DERIVATIONS: dict[str, Callable[[Numbers], dict[str, int]]] = {
    # decimal operators, the rules before Trino 477
    "add": _add,
    "multiply": lambda n: {
        "r_precision": _digits(n["a_precision"] + n["b_precision"]),
        "r_scale": n["a_scale"] + n["b_scale"],
    },
    "divide": _divide,
    "mod": _modulo,
    # datetime operators
    "at_least_millis": lambda n: {"u": max(n["p"], 3)},
    # decimal functions
    "ceiling": lambda n: {"rp": n["p"] - n["s"] + min(n["s"], 1)},
    "floor": lambda n: {"rp": n["p"] - n["s"] + min(n["s"], 1)},
    "round": lambda n: {"rp": _digits(n["p"] - n["s"] + min(1, n["s"])), "rs": 0},
    "round_to": lambda n: {"rp": _digits(n["p"] + 1)},
    "truncate": lambda n: {"rp": max(1, n["p"] - n["s"])},
    # text
    "concat": lambda n: {"u": n["x"] + n["y"]},
    "replace": lambda n: {"u": _length(n["x"] + n["z"] * (n["x"] + 1))},
    "regexp_replace": lambda n: {"z": _length(n["x"] + max(n["x"] * n["y"] // 2, n["y"]) * (n["x"] + 1))},
    "url_encode": lambda n: {"y": _length(n["x"] * 12)},
    "render": lambda n: {"y": _length(n["x"] + 15)},
    "iso8601": lambda n: {"n": 22 + min(n["p"], 1) + n["p"]},
    "iso8601_zoned": lambda n: {"n": 28 + min(n["p"], 1) + n["p"]},
}

"""What is said of a classifier's predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import chain

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import value_function


@value_function("trino_evaluate_predictions", ["STRUCT(t VARCHAR, p VARCHAR)[]"], "VARCHAR", pa.string())
def evaluate_predictions(pairs: list[dict[str, str]]) -> str:
    """Accuracy, and precision and recall of each label, from pairs of what is true and what was predicted."""
    truths = Counter(pair["t"] for pair in pairs)
    predictions = Counter(pair["p"] for pair in pairs)
    right = Counter(pair["t"] for pair in pairs if pair["t"] == pair["p"])
    lines = [f"Accuracy: {_share(right.total(), len(pairs))}"]
    wrong_guesses = {pair["p"] for pair in pairs if pair["t"] != pair["p"]}
    missed = {pair["t"] for pair in pairs if pair["t"] != pair["p"]}
    groups = (_as_hashed(right), _as_hashed(wrong_guesses), _as_hashed(missed))
    for label in dict.fromkeys(chain.from_iterable(groups)):
        lines.append(f"Class '{label}'")
        lines.append(f"Precision: {_share(right[label], predictions[label])}")
        lines.append(f"Recall: {_share(right[label], truths[label])}")
    return "".join(f"{line}\n" for line in lines)


def _as_hashed(labels: Collection[str]) -> list[str]:
    """In the order of a Java HashMap's buckets."""
    buckets = 16
    while len(labels) > buckets * 3 // 4:
        buckets *= 2

    def bucket(label: str) -> int:
        code = 0
        for unit in memoryview(label.encode("utf-16-le")).cast("H"):
            code = (31 * code + unit) & 0xFFFFFFFF
        return (code ^ code >> 16) & (buckets - 1)

    return sorted(labels, key=bucket)


def _share(part: int, whole: int) -> str:
    percent = f"{100 * part / whole:.2f}" if whole else "NaN"
    return f"{part}/{whole} ({percent}%)"

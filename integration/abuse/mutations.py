"""Statements with bytes and words changed at random: an answer or a typed error, never an internal one, never none."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

from integration.toolbox.lanes import Failed
from integration.toolbox.statements import Outcome, Statements

SEED = 20_260_714
COUNT = 5_000
SECONDS = 30.0
THREADS = 4

STATEMENTS = (
    "SELECT n.name, r.name, count(*) FROM tpch.tiny.nation n JOIN tpch.tiny.region r ON n.regionkey = r.regionkey "
    "WHERE n.name LIKE 'A%' GROUP BY 1, 2 HAVING count(*) > 0 ORDER BY 3 DESC, 1 NULLS LAST LIMIT 10",
    "WITH t (a, b) AS (VALUES (1, 'x'), (2, 'y'), (3, NULL)) SELECT a, upper(b), CASE WHEN a > 1 THEN b END FROM t",
    "SELECT sum(a) OVER (PARTITION BY b ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES (1, 2)) "
    "t (a, b)",
    "SELECT cast(1.50 AS decimal(10, 2)) + 2.25, TIMESTAMP '2020-01-01 10:00:00.123' AT TIME ZONE 'Europe/Paris'",
    "SELECT transform(ARRAY[1, 2, 3], x -> x * 2), map(ARRAY['a'], ARRAY[1])['a'], row(1, 'z').field0",
    "SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['a', 'b']) WITH ORDINALITY AS u (n, s, o) WHERE s <> 'a'",
    "SELECT orderstatus, grouping(orderstatus), sum(totalprice) FROM tpch.tiny.orders GROUP BY ROLLUP (orderstatus)",
    "SELECT name FROM tpch.tiny.nation WHERE regionkey IN (SELECT regionkey FROM tpch.tiny.region WHERE name = 'ASIA') "
    "UNION ALL SELECT name FROM tpch.tiny.region EXCEPT SELECT 'ASIA'",
    "SELECT date_trunc('month', DATE '2020-02-29'), date_diff('day', DATE '2020-01-01', DATE '2021-01-01'), "
    "INTERVAL '3' DAY, extract(year FROM DATE '2020-02-29')",
    "SELECT json_extract_scalar('{\"a\": [1, 2]}', '$.a[0]'), regexp_replace('abc', '(b)', '<$1>'), split('a,b', ',')",
    "SHOW COLUMNS FROM tpch.tiny.nation",
    "EXPLAIN SELECT count(*) FROM tpch.tiny.lineitem WHERE quantity > 10",
    "SET SESSION query_max_run_time = '1h'",
    "DESCRIBE OUTPUT s",
    "SELECT approx_distinct(name), min_by(name, nationkey), array_agg(name ORDER BY name) FROM tpch.tiny.nation",
)
_WORDS = """
SELECT FROM WHERE GROUP BY ORDER HAVING UNION JOIN ON USING CASE WHEN THEN END NULL TRUE AND OR NOT IN EXISTS CAST
( ) [ ] , . ; * / + - % || -> => ? : '' "" 'x' 1 0 -1 1e400 9223372036854775808 1.000000000000000000000000000000001
/* */ -- DATE INTERVAL TIMESTAMP ARRAY MAP ROW OVER PARTITION FILTER WITHIN LATERAL UNNEST WITH RECURSIVE VALUES
LIMIT OFFSET FETCH tpch.tiny.nation count sum abs substr name nationkey
"""
WORDS = (*_WORDS.split(), "\x00", "\ud800", "\u00e9", "\U0001d518")


def mutate(text: str, dice: random.Random) -> str:
    """One or two changes, now and then more, of words and of characters: dropped, doubled, swapped, replaced."""
    words = text.split(" ")
    for _ in range(dice.choice((1, 1, 1, 2, 2, 4))):
        at = dice.randrange(len(words))
        change = dice.randrange(7)
        if change == 0 and len(words) > 1:
            del words[at]
        elif change == 1:
            words.insert(at, words[at])
        elif change == 2:
            other = dice.randrange(len(words))
            words[at], words[other] = words[other], words[at]
        elif change == 3:
            words[at] = dice.choice(WORDS)
        elif change == 4:
            words.insert(at, dice.choice(WORDS))
        elif words[at]:
            place = dice.randrange(len(words[at]))
            with_what = "" if change == 5 else dice.choice("'\"()[],.;*x9 \t\n\x01")
            words[at] = words[at][:place] + with_what + words[at][place + 1 :]
    return " ".join(words)


def check_mutations(url: str) -> str:
    """Raises: Failed."""
    dice = random.Random(SEED)
    texts = [mutate(dice.choice(STATEMENTS), dice) for _ in range(COUNT)]
    answered = failed = 0
    faults: list[str] = []
    slowest = 0.0

    def run(part: list[str]) -> list[tuple[str, Outcome, float]]:
        statements = Statements(url, timeout=SECONDS)
        found = []
        for text in part:
            started = time.monotonic()
            outcome = statements.run(text.encode("utf-8", "surrogatepass"))
            found.append((text, outcome, time.monotonic() - started))
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        for part in pool.map(run, [texts[number::THREADS] for number in range(THREADS)]):
            for text, outcome, seconds in part:
                slowest = max(slowest, seconds)
                # 400 is the answer to bytes that are not text.
                internal = outcome.error is not None and outcome.error["errorType"] == "INTERNAL_ERROR"
                if outcome.status not in (200, 400) or internal:
                    faults.append(f"HTTP {outcome.status} {dict(outcome.error or {}).get('message')} for {text!r}")
                elif outcome.error is not None or outcome.status == 400:
                    failed += 1
                else:
                    answered += 1
    if faults:
        raise Failed(f"{len(faults)} of {COUNT} mutated statements (seed {SEED}):\n" + "\n".join(faults[:20]))
    return f"{COUNT} statements (seed {SEED}): {answered} answered, {failed} refused; slowest {slowest:.2f} s"

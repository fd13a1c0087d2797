"""Every form that can be nested, nested deep: an answer in time, from the parser or from the statement, never a 500."""

from __future__ import annotations

from integration.abuse.limits import cpu_seconds
from integration.toolbox.lanes import Failed
from integration.toolbox.statements import Statements

# What opens, what stands in the middle, what closes.
FORMS: tuple[tuple[str, str, str], ...] = (
    ("(", "1", ")"),
    ("ARRAY[", "1", "]"),
    ("ROW(", "1", ")"),
    ("MAP(ARRAY[1], ARRAY[", "1", "])"),
    ("DATE(", "x", ")"),
    ("TIME(", "x", ")"),
    ("TIMESTAMP(", "x", ")"),
    ("VARCHAR(", "x", ")"),
    ("CHAR(", "x", ")"),
    ("DECIMAL(", "x", ")"),
    ("INT(", "x", ")"),
    ("BOOLEAN(", "x", ")"),
    ("BINARY(", "x", ")"),
    ("UUID(", "x", ")"),
    ("STRUCT(", "x", ")"),
    ("OBJECT(", "x", ")"),
    ("VARIANT(", "x", ")"),
    ("JSON(", "x", ")"),
    ("(SELECT ", "1", ")"),
    ("CASE WHEN true THEN ", "1", " END"),
    ("CASE 1 WHEN 1 THEN ", "1", " END"),
    ("CASE WHEN ", "true", " THEN true END"),
    ("IF(true, ", "1", ")"),
    ("IF(", "true", ", true)"),
    ("COALESCE(NULL, ", "1", ")"),
    ("NULLIF(1, ", "2", ")"),
    ("TRY(", "1", ")"),
    ("CAST(", "1", " AS bigint)"),
    ("TRY_CAST(", "1", " AS bigint)"),
    ("NOT ", "true", ""),
    ("- ", "1", ""),
    ("+ ", "1", ""),
    ("abs(", "1", ")"),
    ("lower(", "'x'", ")"),
    ("concat('a', ", "'b'", ")"),
    ("1 + (", "1", ")"),
    ("1 * (", "1", ")"),
    ("true AND (", "true", ")"),
    ("true OR (", "true", ")"),
    ("'a' || (", "'b'", ")"),
    ("1 IN (", "1", ")"),
    ("1 BETWEEN 0 AND (", "1", ")"),
    ("'a' LIKE (", "'b'", ")"),
    ("EXISTS (SELECT ", "1", ")"),
    ("1 = ALL (SELECT ", "1", ")"),
    ("1 = ANY (VALUES ", "1", ")"),
    ("transform(ARRAY[1], x -> ", "x", ")"),
    ("filter(ARRAY[1], x -> true AND ", "true", ")"),
    ("ARRAY[1][", "1", "]"),
    ("extract(year FROM ", "current_date", ")"),
    ("trim(", "'x'", ")"),
    ("substring('abc' FROM ", "1", ")"),
    ("position('a' IN ", "'b'", ")"),
    ("json_query('{}', 'lax $' DEFAULT ", "'x'", " ON ERROR)"),
    ("count(*) FILTER (WHERE ", "true", ")"),
    ("sum(1) OVER (ORDER BY ", "1", ")"),
    ("CAST(NULL AS ARRAY(", "bigint", "))"),
)
DEPTHS = (8, 25, 100, 300, 1000, 10_000)
SECONDS = 20.0
"""The most processor time that one statement may take, at any depth: it is read, planned and run, or refused."""


def check_nesting(url: str, pid: int) -> str:
    """Raises: Failed."""
    statements = Statements(url, timeout=SECONDS * 10)
    slowest = (0.0, "")
    count = refused = 0
    for opening, middle, closing in FORMS:
        for depth in DEPTHS:
            # The value itself would be too deep for the JSON reader of this side.
            text = f"SELECT typeof({opening * depth}{middle}{closing * depth}) IS NULL"
            before = cpu_seconds(pid)
            outcome = statements.run(text)
            seconds = cpu_seconds(pid) - before
            count += 1
            name = f"{opening!r} {depth} deep"
            slowest = max(slowest, (seconds, name))
            if outcome.status != 200:
                raise Failed(f"{name}: HTTP {outcome.status}")
            if outcome.error is not None:
                refused += 1
                if outcome.error["errorType"] == "INTERNAL_ERROR":
                    raise Failed(f"{name}: {outcome.error_name} {outcome.error['message']}")
            if seconds > SECONDS:
                raise Failed(f"{name}: {seconds:.1f} s")
    return f"{len(FORMS)} forms, {count} statements, {refused} refused; slowest {slowest[0]:.2f} s ({slowest[1]})"

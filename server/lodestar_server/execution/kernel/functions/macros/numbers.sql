-- Numbers: conversions and arithmetic where DuckDB's own differ.

CREATE MACRO trino_double_to_real(x) AS
    coalesce(TRY_CAST(x AS FLOAT), CASE WHEN x > 0 THEN CAST('inf' AS FLOAT) WHEN x < 0 THEN CAST('-inf' AS FLOAT) END);

-- Saturates, and NaN is 0, as Java casts.
CREATE MACRO trino_real_to_bigint(x) AS
    coalesce(TRY_CAST(round(CAST(x AS DOUBLE)) AS BIGINT),
             CASE WHEN isnan(x) THEN 0 WHEN x > 0 THEN 9223372036854775807 WHEN x < 0 THEN -9223372036854775807 - 1 END);

-- Java's cast of a double to long: toward zero, saturating, NaN as 0.
CREATE MACRO trino_truncated(x) AS
    coalesce(TRY_CAST(trunc(x) AS BIGINT),
             CASE WHEN isnan(x) THEN 0 WHEN x > 0 THEN 9223372036854775807 WHEN x < 0 THEN -9223372036854775807 - 1 END);

-- HUGEINTs, the quotient rounded half away from zero.
CREATE MACRO trino_divide_half_up(a, b) AS
    a // b + CASE WHEN 2 * abs(a % b) >= abs(b) THEN CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END ELSE 0 END;

-- 12.34 of the digits 1234 and the scale 2.
CREATE MACRO trino_decimal_text(digits, scale) AS
    CASE WHEN digits < 0 THEN '-' ELSE '' END
    || CAST(abs(digits) // CAST('1' || repeat('0', scale) AS HUGEINT) AS VARCHAR) || '.'
    || lpad(CAST(abs(digits) % CAST('1' || repeat('0', scale) AS HUGEINT) AS VARCHAR), scale, '0');

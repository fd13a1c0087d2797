-- Numbers: conversions and arithmetic where DuckDB's own differ.

CREATE MACRO trino_double_to_real(x) AS
    coalesce(TRY_CAST(x AS FLOAT), CASE WHEN x > 0 THEN CAST('inf' AS FLOAT) WHEN x < 0 THEN CAST('-inf' AS FLOAT) END);

-- Saturates, as Java casts; of no NaN.
CREATE MACRO trino_real_to_bigint(x) AS
    coalesce(TRY_CAST(round(CAST(x AS DOUBLE)) AS BIGINT),
             CASE WHEN x > 0 THEN 9223372036854775807 WHEN x < 0 THEN -9223372036854775807 - 1 END);

-- Java's cast of a double to long: toward zero, saturating, NaN as 0.
CREATE MACRO trino_truncated(x) AS
    coalesce(TRY_CAST(trunc(x) AS BIGINT),
             CASE WHEN isnan(x) THEN 0 WHEN x > 0 THEN 9223372036854775807 WHEN x < 0 THEN -9223372036854775807 - 1 END);

-- Java's Math.round of a double, short of the cast to a long: halves go up.
CREATE MACRO trino_java_round(x) AS CASE WHEN x < 0 THEN -ceil(-x - 0.5) ELSE round(x) END;

-- HUGEINTs, the quotient rounded half away from zero.
CREATE MACRO trino_divide_half_up(a, b) AS
    a // b + CASE WHEN 2 * abs(a % b) >= abs(b) THEN CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END ELSE 0 END;

-- 12.34 of the digits 1234 and the scale 2.
CREATE MACRO trino_decimal_text(digits, scale) AS
    CASE WHEN digits < 0 THEN '-' ELSE '' END
    || CAST(abs(digits) // CAST('1' || repeat('0', scale) AS HUGEINT) AS VARCHAR) || '.'
    || lpad(CAST(abs(digits) % CAST('1' || repeat('0', scale) AS HUGEINT) AS VARCHAR), scale, '0');

-- Java's Math.round of a scaled value and back; saturates where the scaled value passes a long.
CREATE MACRO trino_round_scaled(x, f) AS
    CASE WHEN x * f > 9223372036854775807 THEN x ELSE CAST(trino_truncated(round(x * f)) AS DOUBLE) / f END;

CREATE MACRO trino_round_double(x, n) AS
    CASE WHEN NOT isfinite(x) THEN x
         WHEN x < 0 THEN -trino_round_scaled(-CAST(x AS DOUBLE), pow(CAST(10 AS DOUBLE), n))
         ELSE trino_round_scaled(CAST(x AS DOUBLE), pow(CAST(10 AS DOUBLE), n)) END;

CREATE MACRO trino_double_truncate(x, n) AS
    CASE WHEN NOT isfinite(x) THEN x
         ELSE trunc(CAST(x AS DOUBLE) * pow(CAST(10 AS DOUBLE), n)) / pow(CAST(10 AS DOUBLE), n) END;

-- Half away from zero to a multiple of ten to the power of -n; n is negative.
CREATE MACRO trino_round_integer(v, n) AS
    CASE WHEN n < -19 THEN NULL
         ELSE (CAST(v AS HUGEINT) + CASE WHEN v < 0 THEN -5 ELSE 5 END
               * CAST('1' || repeat('0', CAST(least(-n, 20) - 1 AS INTEGER)) AS HUGEINT))
              // CAST('1' || repeat('0', CAST(least(-n, 20) AS INTEGER)) AS HUGEINT)
              * CAST('1' || repeat('0', CAST(least(-n, 20) AS INTEGER)) AS HUGEINT) END;

CREATE MACRO trino_decimal_truncate(v, n, scale) AS
    trino_truncate_decimal(CAST(v AS VARCHAR), CAST(n AS BIGINT));

-- Vectors: arrays of doubles.
CREATE MACRO trino_checked_vectors(a, b, result) AS
    CASE WHEN a IS NULL OR b IS NULL THEN NULL
         WHEN len(a) <> len(b)
         THEN CAST(chr(1) || 'INVALID_FUNCTION_ARGUMENT' || chr(31) || 'The arguments must have the same length'
                   || chr(2) || chr(3) AS INTEGER)
         ELSE result END;

CREATE MACRO trino_dot(a, b) AS
    list_sum(list_transform(list_zip(a, b), lambda dot_pair: dot_pair[1] * dot_pair[2]));

CREATE MACRO trino_squares(a) AS list_sum(list_transform(a, lambda norm_part: norm_part * norm_part));

CREATE MACRO trino_norm(a) AS sqrt(trino_squares(a));

CREATE MACRO trino_dot_product(a, b) AS
    trino_checked_vectors(a, b, CASE WHEN len(a) = 0 THEN CAST(0 AS DOUBLE) ELSE coalesce(trino_dot(a, b), 0) END);

CREATE MACRO trino_euclidean_distance(a, b) AS
    trino_checked_vectors(a, b, CASE WHEN len(a) = 0 THEN CAST(0 AS DOUBLE) ELSE
        sqrt(list_sum(list_transform(list_zip(a, b),
                                     lambda distance_pair: pow(coalesce(distance_pair[1], 0) - coalesce(distance_pair[2], 0), 2)))) END);

CREATE MACRO trino_cosine_similarity(a, b) AS
    trino_checked_vectors(a, b, trino_dot(a, b) / (trino_norm(a) * trino_norm(b)));

-- Of arrays Trino takes one root, of maps two.
CREATE MACRO trino_cosine_of_arrays(a, b) AS
    trino_checked_vectors(a, b, trino_dot(a, b) / sqrt(trino_squares(a) * trino_squares(b)));

CREATE MACRO trino_map_is_whole(m) AS list_count(map_values(m)) = cardinality(m);

-- The values of a map in the order of the keys of it and another, 0 for a key that it lacks.
CREATE MACRO trino_map_vector(m, other) AS
    list_transform(list_sort(list_distinct(list_concat(map_keys(m), map_keys(other)))),
                   lambda vector_key: coalesce(CAST(m[vector_key] AS DOUBLE), CAST(0 AS DOUBLE)));

-- Java's (long) of a double.
CREATE MACRO trino_double_to_long(x) AS
    CASE WHEN isnan(x) THEN 0
         WHEN x >= 9223372036854775807 THEN 9223372036854775807
         WHEN x <= -9223372036854775808 THEN -9223372036854775807 - 1
         ELSE CAST(trunc(x) AS BIGINT) END;

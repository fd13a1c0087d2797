-- Shifts as Java does them: the shift counts modulo 64, and one of the type's size or more leaves nothing.

CREATE MACRO trino_shift_factor(n) AS CAST(1 AS HUGEINT) << CAST(n & 63 AS INTEGER);

-- The lowest bits of an integer as a signed number; modulus: 2 to the power of their count.
CREATE MACRO trino_signed(v, modulus) AS
    ((v % modulus + modulus) % modulus + modulus // 2) % modulus - modulus // 2;

CREATE MACRO trino_left_shift(v, n, bits) AS
    CASE WHEN v IS NULL OR n IS NULL THEN NULL
         WHEN n >= bits THEN 0
         WHEN bits = 64
         THEN ((CAST(v AS BIGINT) & (9223372036854775807 >> CAST(n & 63 AS BIGINT))) << CAST(n & 63 AS BIGINT))
              + CASE WHEN (CAST(v AS BIGINT) >> (63 - CAST(n & 63 AS BIGINT))) & 1 = 1
                     THEN -9223372036854775807 - 1 ELSE 0 END
         ELSE trino_signed(CAST(v AS HUGEINT) * trino_shift_factor(n), trino_power_of_two(bits)) END;

CREATE MACRO trino_right_shift(v, n, bits) AS
    CASE WHEN v IS NULL OR n IS NULL THEN NULL
         WHEN n >= bits THEN 0
         WHEN bits = 64 AND (n & 63) = 0 THEN CAST(v AS BIGINT)
         WHEN bits = 64
         THEN (CAST(v AS BIGINT) >> CAST(n & 63 AS BIGINT)) & (9223372036854775807 >> (CAST(n & 63 AS BIGINT) - 1))
         ELSE trino_signed((CAST(v AS HUGEINT) + CASE WHEN v < 0 THEN trino_power_of_two(bits) ELSE 0 END)
                           // trino_shift_factor(n), trino_power_of_two(bits)) END;

CREATE MACRO trino_right_shift_arithmetic(v, n, bits) AS
    CASE WHEN v IS NULL OR n IS NULL THEN NULL WHEN n >= bits OR (n & 63) = 63 THEN CASE WHEN v < 0 THEN -1 ELSE 0 END
         ELSE CAST(v AS BIGINT) >> CAST(n & 63 AS BIGINT) END;

CREATE MACRO trino_power_of_two(bits) AS CAST(1 AS HUGEINT) << CAST(bits AS INTEGER);

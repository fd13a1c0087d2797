-- Texts of values: what CAST to varchar, results and map keys print.

CREATE MACRO trino_year_text(y) AS
    CASE WHEN y > 9999 THEN '+' || CAST(y AS VARCHAR)
         WHEN y < 0 THEN '-' || format('{:04d}', -y)
         ELSE format('{:04d}', y) END;

CREATE MACRO trino_date_text(d) AS
    CASE WHEN d BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN CAST(d AS VARCHAR)
         -- the last date of 32 bits is DuckDB's infinity
         WHEN NOT isfinite(d) THEN CASE WHEN d > DATE '1970-01-01' THEN '+5881580-07-11' ELSE '-5877641-06-24' END
         ELSE trino_year_text(year(d)) || strftime(d, '-%m-%d') END;

-- digits: 0 to 6
CREATE MACRO trino_timestamp_text(t, digits) AS
    CASE WHEN t BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'
         THEN CASE digits WHEN 0 THEN strftime(t, '%Y-%m-%d %H:%M:%S')
                          WHEN 3 THEN strftime(t, '%Y-%m-%d %H:%M:%S.%g')
                          WHEN 6 THEN strftime(t, '%Y-%m-%d %H:%M:%S.%f')
                          ELSE left(strftime(t, '%Y-%m-%d %H:%M:%S.%f'), 20 + digits) END
         ELSE trino_other_timestamp_text(t, digits) END;

CREATE MACRO trino_other_timestamp_text(t, digits) AS
    CASE WHEN NOT isfinite(t) AND t > TIMESTAMP '1970-01-01'
         THEN '+294247-01-10 04:00:54' || CASE WHEN digits > 0 THEN '.' || left('775807', digits) ELSE '' END
         ELSE trino_date_text(CAST(t AS DATE)) || strftime(t, ' %H:%M:%S')
    || CASE WHEN digits > 0 THEN '.' || left(strftime(t, '%f'), digits) ELSE '' END END;

-- digits: 7 to 12, of a STRUCT(t, p)
CREATE MACRO trino_picosecond_timestamp_text(x, digits) AS
    trino_timestamp_text(x.t, 6) || left(format('{:06d}', x.p), digits - 6);

-- v: picoseconds of the day
CREATE MACRO trino_time_text(v, digits) AS
    format('{:02d}:{:02d}:{:02d}', v // 3600000000000000, (v // 60000000000000) % 60, (v // 1000000000000) % 60)
    || CASE WHEN digits > 0 THEN '.' || left(format('{:012d}', v % 1000000000000), digits) ELSE '' END;

-- o: minutes
CREATE MACRO trino_offset_text(o) AS
    CASE WHEN o < 0 THEN '-' ELSE '+' END || format('{:02d}:{:02d}', abs(o) // 60, abs(o) % 60);

-- v: milliseconds; a HUGEINT so that the smallest BIGINT has a positive twin
CREATE MACRO trino_interval_text(v) AS
    CASE WHEN v < 0 THEN '-' ELSE '' END
    || CAST(abs(CAST(v AS HUGEINT)) // 86400000 AS VARCHAR)
    || format(' {:02d}:{:02d}:{:02d}.{:03d}', abs(v % 86400000) // 3600000, abs(v % 3600000) // 60000,
              abs(v % 60000) // 1000, abs(v % 1000));

-- v: months
CREATE MACRO trino_months_text(v) AS
    CASE WHEN v < 0 THEN '-' ELSE '' END
    || CAST(abs(CAST(v AS BIGINT)) // 12 AS VARCHAR) || '-' || CAST(abs(CAST(v AS BIGINT)) % 12 AS VARCHAR);

CREATE MACRO trino_uuid_text(b) AS
    regexp_replace(lower(hex(b)), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\1-\2-\3-\4-\5');

-- The digits of a positive number's text without trailing zeros.
CREATE MACRO trino_digits(s) AS
    CASE WHEN rtrim(replace(s, '.', ''), '0') = '' THEN '0' ELSE rtrim(replace(s, '.', ''), '0') END;

-- digits of a positive number, exponent of its first digit
CREATE MACRO trino_scientific_parts(digits, exponent) AS
    left(digits, 1) || '.' || CASE WHEN length(digits) = 1 THEN '0' ELSE substr(digits, 2) END
    || 'E' || CAST(exponent AS VARCHAR);

-- s: DuckDB's text of a positive finite number, with exponent or in full
CREATE MACRO trino_scientific(s) AS
    CASE WHEN contains(s, 'e')
         THEN trino_scientific_parts(trino_digits(split_part(s, 'e', 1)), CAST(split_part(s, 'e', 2) AS INTEGER))
         WHEN starts_with(s, '0.')
         THEN trino_scientific_parts(ltrim(substr(s, 3), '0'), length(ltrim(substr(s, 3), '0')) - length(s) + 1)
         ELSE trino_scientific_parts(trino_digits(s), length(split_part(s, '.', 1)) - 1) END;

-- Java prints two digits at least, so the smallest numbers show a digit more than the shortest text has.
CREATE MACRO trino_tiny(x) AS
    CASE WHEN typeof(x) = 'FLOAT' THEN CAST('9e-45' AS DOUBLE) ELSE CAST('5e-323' AS DOUBLE) END;

CREATE MACRO trino_tiny_text(x) AS
    CASE WHEN typeof(x) = 'FLOAT' THEN replace(printf('%.1e', CAST(abs(x) AS DOUBLE)), 'e', 'E')
         ELSE printf('%.1f', abs(x) / CAST('4.94065645841246544e-324' AS DOUBLE) * 4.94065645841246544) || 'E-324' END;

CREATE MACRO trino_special_text(x) AS
    CASE WHEN isnan(x) THEN 'NaN' WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END;

-- CAST of double to varchar: always with an exponent. From 2 to the power of 53 on, and for the tiniest, the digits are
-- not the shortest ones.
-- 1.2345E2 of 123.45
CREATE MACRO trino_moved_point(plain) AS
    CASE WHEN ends_with(plain, '.0')
         THEN concat(left(plain, 1), '.', coalesce(nullif(rtrim(substr(plain, 2, strlen(plain) - 3), '0'), ''), '0'),
                     'E', strlen(plain) - 3)
         ELSE concat(left(plain, 1), '.', substr(plain, 2, strpos(plain, '.') - 2),
                     substr(plain, strpos(plain, '.') + 1), trino_exponent_of_point(strpos(plain, '.'))) END;

-- A list to look up is cheaper than a number to write.
CREATE MACRO trino_exponent_of_point(place) AS
    ['', 'E0', 'E1', 'E2', 'E3', 'E4', 'E5', 'E6', 'E7', 'E8', 'E9', 'E10', 'E11', 'E12', 'E13', 'E14', 'E15'][place];

-- Most doubles: the shortest text of the number itself has a digit or more before the point, which moves. What the
-- first condition names DuckDB computes once; the lambda is for the others.
CREATE MACRO trino_double_text(x) AS
    CASE WHEN CAST(x AS VARCHAR) IS NULL THEN NULL
         WHEN x >= 1 AND x < 1000000000000000 THEN trino_moved_point(CAST(x AS VARCHAR))
         WHEN x <= -1 AND x > -1000000000000000
         THEN '-' || list_transform([CAST(-x AS VARCHAR)], lambda positive: trino_moved_point(positive))[1]
         ELSE trino_other_double_text(x) END;

CREATE MACRO trino_other_double_text(x) AS
    CASE WHEN NOT isfinite(x) THEN trino_special_text(x)
         WHEN x = 0 THEN CASE WHEN signbit(x) THEN '-0E0' ELSE '0E0' END
         WHEN abs(x) >= 9007199254740992 OR abs(x) < 2e-308 THEN trino_wide_double_text(x)
         ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || trino_scientific(CAST(abs(x) AS VARCHAR)) END;

-- DuckDB's text of a real is its value in full, longer than the shortest, where a shorter one is in the middle between
-- two reals, or where two are as near: such values have few digits. So is that of a double from 2 to the power of 53 on.
CREATE MACRO trino_shortest(x) AS
    CASE WHEN typeof(x) = 'FLOAT'
         THEN CASE WHEN x * 4096 = trunc(x * 4096) AND isfinite(x) AND x <> 0
                        AND CAST(x AS VARCHAR) = CAST(CAST(x AS DOUBLE) AS VARCHAR)
                   THEN CASE WHEN x < 0 THEN '-' ELSE '' END || trino_shortest_real_text(CAST(abs(x) AS DOUBLE))
                   ELSE CAST(x AS VARCHAR) END
         WHEN abs(x) >= 9007199254740992 AND isfinite(x) THEN CAST(to_json(x) AS VARCHAR)
         ELSE CAST(x AS VARCHAR) END;

-- The same of a real: at most seven digits.
CREATE MACRO trino_real_digits(s) AS
    CASE WHEN length(trino_digits(split_part(s, 'e', 1))) <= 7 THEN trino_scientific(s)
         WHEN ends_with(trino_digits(split_part(s, 'e', 1)), '5') THEN trino_rounded_real_text(s)
         ELSE trino_scientific(printf('%.6e', CAST(s AS DOUBLE))) END;

CREATE MACRO trino_real_text(x) AS
    CASE WHEN NOT isfinite(x) THEN trino_special_text(x)
         WHEN x = 0 THEN CASE WHEN signbit(x) THEN '-0E0' ELSE '0E0' END
         WHEN abs(x) <= trino_tiny(x) THEN CASE WHEN x < 0 THEN '-' ELSE '' END || trino_tiny_text(x)
         ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || trino_real_digits(trino_shortest(abs(x))) END;

-- Java's own text of a double or a float: in full between 0.001 and 10000000
CREATE MACRO trino_java_floating_text(x) AS
    CASE WHEN NOT isfinite(x) THEN trino_special_text(x)
         WHEN x = 0 OR (abs(x) >= 0.001 AND abs(x) < 10000000) THEN trino_shortest(x)
         WHEN abs(x) <= trino_tiny(x) THEN CASE WHEN x < 0 THEN '-' ELSE '' END || trino_tiny_text(x)
         ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || trino_scientific(trino_shortest(abs(x))) END;

-- v: red, green and blue, or one of the terminal's own below zero
CREATE MACRO trino_color_text(v) AS
    CASE WHEN v < 0 THEN ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'][-v]
         ELSE printf('#%06x', v) END;

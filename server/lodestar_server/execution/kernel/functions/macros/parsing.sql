-- Reading values from text: NULL where the text is none.

-- What Java's trim removes.
CREATE MACRO trino_trim_blanks(s) AS
    CASE WHEN regexp_matches(s, '^[\x00-\x20]|[\x00-\x20]$')
         THEN regexp_replace(s, '^[\x00-\x20]+|[\x00-\x20]+$', '', 'g') ELSE s END;

CREATE MACRO trino_read_boolean(s) AS
    CASE lower(s) WHEN 'true' THEN TRUE WHEN 't' THEN TRUE WHEN '1' THEN TRUE
                  WHEN 'false' THEN FALSE WHEN 'f' THEN FALSE WHEN '0' THEN FALSE END;

-- The digits of an integer, NULL for text that is none; digits of other scripts are folded.
CREATE MACRO trino_integer_text(s) AS
    CASE WHEN regexp_full_match(s, '[+-]?[0-9]+') THEN s
         WHEN regexp_full_match(trino_trim_blanks(s), '[+-]?\pN+') THEN trino_fold_digits(trino_trim_blanks(s)) END;

-- What DuckDB parses as the same double or float, NULL for text that Java does not parse.
CREATE MACRO trino_floating_source(s) AS
    CASE WHEN regexp_full_match(trino_trim_blanks(s), '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?')
         THEN rtrim(trino_trim_blanks(s), 'fFdD')
         WHEN regexp_full_match(trino_trim_blanks(s), '[+-]?(NaN|Infinity)') THEN trino_trim_blanks(s)
         WHEN regexp_full_match(trino_trim_blanks(s), '[+-]?0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?[0-9]+[fFdD]?')
         THEN trino_read_hexadecimal(trino_trim_blanks(s)) END;

CREATE MACRO trino_is_decimal_text(s) AS
    regexp_full_match(s, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?');

-- The text of a decimal with the digits of other scripts folded, NULL for text that is none.
CREATE MACRO trino_decimal_source(s) AS
    CASE WHEN trino_is_decimal_text(s) THEN s
         WHEN regexp_full_match(s, '[+-]?[\p{Nd}.]+([eE][+-]?\p{Nd}+)?') AND trino_is_decimal_text(trino_fold_digits(s))
         THEN trino_fold_digits(s) END;

-- A date as it is written most often: what DuckDB reads and writes the same way.
CREATE MACRO trino_plain_date(s) AS
    CASE WHEN strlen(s) = 10 AND s BETWEEN '0001' AND '9999-12-31' AND CAST(TRY_CAST(s AS DATE) AS VARCHAR) = s
         THEN TRY_CAST(s AS DATE) END;

-- The same for a date, T and a time of day, with milliseconds or without, Z or nothing behind it.
CREATE MACRO trino_plain_clock(s) AS
    CASE strlen(s)
         WHEN 19 THEN CASE WHEN strftime(TRY_CAST(s AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S') = s
                           THEN TRY_CAST(s AS TIMESTAMP) END
         WHEN 23 THEN CASE WHEN strftime(TRY_CAST(s AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%g') = s
                           THEN TRY_CAST(s AS TIMESTAMP) END END;

CREATE MACRO trino_plain_iso_nanos(s) AS trino_plain_clock(CASE WHEN ends_with(s, 'Z') THEN left(s, -1) ELSE s END);

CREATE MACRO trino_plain_iso_timestamp(s) AS
    CASE WHEN strlen(s) = 10 THEN CAST(trino_plain_date(s) AS TIMESTAMP) ELSE trino_plain_iso_nanos(s) END;

CREATE MACRO trino_cast_date(s) AS coalesce(trino_plain_date(s), trino_other_date(s));

CREATE MACRO trino_other_date(s) AS
    CASE WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') AND NOT starts_with(s, '0000') THEN TRY_CAST(s AS DATE)
         ELSE make_date(trino_read_date(s)) END;

-- At most six digits: DuckDB cuts further ones off where Trino rounds.
CREATE MACRO trino_is_plain_timestamp(s) AS
    regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-5][0-9](\.[0-9]{1,6})?)?)?')
    AND NOT contains(s, ' 24:') AND NOT starts_with(s, '0000');

CREATE MACRO trino_read_uuid(s) AS
    CASE WHEN regexp_full_match(s, '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}')
         THEN unhex(replace(s, '-', '')) END;

-- Java reads five hexadecimal numbers between hyphens; Trino then asks for the usual number of bytes.
CREATE MACRO trino_no_uuid(s) AS
    CASE WHEN strlen(s) <> 36 AND length(s) <= 36
              AND regexp_full_match(s, '(\+?[0-9a-fA-F]{1,15}-){4}\+?[0-9a-fA-F]{1,15}')
         THEN 'Invalid UUID string length: ' || CAST(strlen(s) AS VARCHAR)
         ELSE 'Cannot cast value to UUID: ' || s END;

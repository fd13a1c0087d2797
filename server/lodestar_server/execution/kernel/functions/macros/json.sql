-- The type json, held as canonical text.

CREATE MACRO trino_json_quote(s) AS
    CASE WHEN regexp_matches(s, '[\x00-\x1f\x{10000}-\x{10FFFF}]') THEN trino_quote_json(s)
         ELSE '"' || replace(replace(s, '\', '\\'), '"', '\"') || '"' END;

-- A double or real as JSON: Java's text, quoted when it is no number.
CREATE MACRO trino_json_number(x) AS
    CASE WHEN isfinite(x) THEN trino_java_floating_text(x)
         WHEN x IS NOT NULL THEN '"' || trino_special_text(x) || '"' END;

-- The text inside a JSON string.
CREATE MACRO trino_json_string(v) AS json_extract_string(v, '$');

CREATE MACRO trino_json_is_integer(v) AS regexp_full_match(v, '-?[0-9]+');

CREATE MACRO trino_json_is_number(v) AS regexp_full_match(v, '-?[0-9].*');

CREATE MACRO trino_json_to_varchar(v) AS
    CASE WHEN starts_with(v, '"') THEN trino_json_string(v)
         WHEN v IN ('true', 'false') THEN v
         WHEN trino_json_is_integer(v) THEN v
         WHEN trino_json_is_number(v) THEN trino_double_text(TRY_CAST(v AS DOUBLE)) END;

CREATE MACRO trino_json_to_boolean(v) AS
    CASE WHEN starts_with(v, '"') THEN trino_read_boolean(trino_json_string(v))
         WHEN v IN ('true', 'false') THEN v = 'true'
         WHEN trino_json_is_integer(v) THEN TRY_CAST(v AS BIGINT) <> 0
         WHEN trino_json_is_number(v) THEN TRY_CAST(v AS DOUBLE) <> 0 END;

CREATE MACRO trino_json_to_double(v) AS
    CASE WHEN starts_with(v, '"') THEN TRY_CAST(trino_floating_source(trino_json_string(v)) AS DOUBLE)
         WHEN v IN ('true', 'false') THEN CAST(v = 'true' AS DOUBLE)
         WHEN trino_json_is_number(v) THEN TRY_CAST(v AS DOUBLE) END;

CREATE MACRO trino_json_to_real(v) AS trino_double_to_real(trino_json_to_double(v));

CREATE MACRO trino_json_to_bigint(v) AS
    CASE WHEN starts_with(v, '"') THEN TRY_CAST(trino_integer_text(trino_json_string(v)) AS BIGINT)
         WHEN v IN ('true', 'false') THEN CAST(v = 'true' AS BIGINT)
         WHEN trino_json_is_integer(v) THEN TRY_CAST(v AS BIGINT)
         WHEN trino_json_is_number(v) THEN TRY_CAST(round(TRY_CAST(v AS DOUBLE)) AS BIGINT) END;

CREATE MACRO trino_json_to_integer(v) AS TRY_CAST(trino_json_to_bigint(v) AS INTEGER);

CREATE MACRO trino_json_to_smallint(v) AS TRY_CAST(trino_json_to_bigint(v) AS SMALLINT);

CREATE MACRO trino_json_to_tinyint(v) AS TRY_CAST(trino_json_to_bigint(v) AS TINYINT);

CREATE MACRO trino_json_decimal_text(v) AS
    CASE WHEN starts_with(v, '"') AND trino_is_decimal_text(trino_json_string(v)) THEN trino_json_string(v)
         WHEN v = 'true' THEN '1' WHEN v = 'false' THEN '0'
         WHEN trino_is_decimal_text(v) THEN v END;

-- DuckDB's JSON is more lenient than JSON: it takes NaN and Infinity, and a comma at the end.
CREATE MACRO trino_is_lenient_json(v) AS
    -- Searches for letters are cheap and mostly decide; the pattern of many branches is for where they find something.
    CASE WHEN ((contains(v, 'n') OR contains(v, 'N')) AND (contains(lower(v), 'nan') OR contains(lower(v), 'inf')))
              OR regexp_matches(v, ',\s*[\]}]')
         THEN regexp_matches(v, ',\s*[\]}]|(?i:(^|[\[:,])\s*-?(nan|inf|infinity)\s*($|[\]},]))') ELSE FALSE END;

CREATE MACRO trino_is_json(v) AS json_valid(v) AND NOT trino_is_lenient_json(v);

-- Not zero: DuckDB does not tell it from a negative one.
CREATE MACRO trino_is_short_integer(r) AS
    strlen(r) <= 9 AND r <> '0' AND CAST(TRY_CAST(r AS INTEGER) AS VARCHAR) = r;

-- r: what DuckDB extracted as text. NULL for what begins as a collection or as a number that could be spelled otherwise.
CREATE MACRO trino_sure_scalar(r) AS
    list_transform([r], lambda scalar: CASE WHEN scalar < '-' OR (scalar >= '.' AND scalar < '0')
        OR (scalar >= ':' AND scalar < '[') OR (scalar >= '\' AND scalar < '{') OR scalar >= '|'
        OR trino_is_short_integer(scalar) THEN scalar END)[1];

CREATE MACRO trino_sure_integer(r) AS
    list_transform([r], lambda integer: CASE WHEN trino_is_short_integer(integer) THEN integer END)[1];

-- r: what DuckDB extracted as JSON that Jackson would write the same way.
CREATE MACRO trino_sure_json(r) AS
    list_transform([r], lambda document: CASE WHEN trino_is_spelled_as_java(document) THEN document END)[1];

-- The same for JSON that Jackson would write the same way: members once, plain numbers.
CREATE MACRO trino_is_written_alike(r) AS
    CASE WHEN contains(r, '-0') OR NOT trino_is_spelled_as_java(r) THEN FALSE
         WHEN NOT contains(r, '{') THEN TRUE
         WHEN starts_with(r, '{') AND NOT contains(substr(r, 2), '{')
         THEN list_unique(json_keys(r)) = len(json_keys(r))
         ELSE FALSE END;

-- Texts that DuckDB writes otherwise than Java: exponents, numbers outside of Java's plain range, surrogate pairs.
CREATE MACRO trino_is_spelled_as_java(r) AS
    CASE WHEN strlen(r) <> length(r) OR contains(r, '.') OR contains(r, 'e') OR contains(r, 'E')
         THEN NOT regexp_matches(r, '[0-9][eE]|[0-9]{8}\.|0\.000|[\x{10000}-\x{10FFFF}]') ELSE TRUE END;

-- Where nothing was sure: absent from a well-formed document, or to be read again.
CREATE MACRO trino_other_json_extract(v, pointer, path) AS
    CASE WHEN TRY(json_type(v, pointer) IS NULL) THEN NULL ELSE trino_json_extract(v, path) END;

CREATE MACRO trino_other_json_extract_scalar(v, pointer, path) AS
    CASE WHEN TRY(coalesce(json_type(v, pointer), 'NULL') IN ('NULL', 'ARRAY', 'OBJECT')) THEN NULL
         WHEN TRY(json_extract_string(v, pointer)) = '0' AND NOT contains(v, '-0') THEN '0'
         ELSE trino_json_extract_scalar(v, path) END;

-- kind: json_type of v at the pointer
CREATE MACRO trino_json_size_of_kind(kind, v, pointer) AS
    CASE WHEN kind = 'ARRAY' THEN CAST(json_array_length(v, pointer) AS BIGINT)
         WHEN kind = 'OBJECT' THEN CAST(len(json_keys(v, pointer)) AS BIGINT)
         WHEN kind IS NOT NULL THEN CAST(0 AS BIGINT) END;

-- The text of a decimal as Java's BigDecimal writes it: with an exponent below a millionth.
CREATE MACRO trino_json_decimal_digits(digits, s, scale) AS
    CASE WHEN length(digits) - scale > -6 THEN s
         ELSE CASE WHEN starts_with(s, '-') THEN '-' ELSE '' END || left(digits, 1)
              || CASE WHEN length(digits) > 1 THEN '.' || substr(digits, 2) ELSE '' END
              || 'E' || CAST(length(digits) - 1 - scale AS VARCHAR) END;

CREATE MACRO trino_json_decimal(s, scale) AS
    trino_json_decimal_digits(coalesce(nullif(ltrim(replace(ltrim(s, '-'), '.', ''), '0'), ''), '0'), s, scale);

-- Encodings of binary values.

CREATE MACRO trino_is_hexadecimal(s) AS regexp_full_match(s, '([0-9A-Fa-f]{2})*');

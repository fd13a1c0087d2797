-- Encodings of binary values.

CREATE MACRO trino_is_base64(s) AS
    regexp_full_match(s, '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?');

CREATE MACRO trino_is_hexadecimal(s) AS regexp_full_match(s, '([0-9A-Fa-f]{2})*');

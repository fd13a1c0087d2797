-- Text functions.

-- Java's simple upper case keeps the sharp s.
CREATE MACRO trino_upper(s) AS
    CASE WHEN contains(s, 'ß')
         THEN array_to_string(list_transform(string_split(s, 'ß'), lambda upper_part: upper(upper_part)), 'ß')
         ELSE upper(s) END;

CREATE MACRO trino_substr(s, start) AS
    CASE WHEN s IS NULL THEN NULL
         WHEN start = 0 OR start < -length(s) OR start > length(s) THEN '' ELSE substr(s, start) END;

CREATE MACRO trino_substr_length(s, start, size) AS
    CASE WHEN s IS NULL THEN NULL
         WHEN start = 0 OR size <= 0 OR start < -length(s) OR start > length(s) THEN ''
         ELSE substr(s, start, least(size, 4294967295)) END;

CREATE MACRO trino_binary_substr(b, start, size) AS
    CASE WHEN b IS NULL THEN NULL
         WHEN start = 0 OR size <= 0 OR start > octet_length(b) OR start < -octet_length(b) THEN unhex('')
         ELSE unhex(substr(hex(b), 2 * CASE WHEN start < 0 THEN octet_length(b) + greatest(start, -2147483648) + 1
                                            ELSE least(start, 2147483647) END - 1,
                           2 * least(CAST(size AS BIGINT), 2147483647))) END;

CREATE MACRO trino_binary_lpad(b, size, fill) AS
    CASE WHEN octet_length(b) >= size THEN unhex(left(hex(b), 2 * size))
         ELSE unhex(left(repeat(hex(fill), (size - octet_length(b)) // octet_length(fill) + 1),
                         2 * (size - octet_length(b))) || hex(b)) END;

CREATE MACRO trino_binary_rpad(b, size, fill) AS
    CASE WHEN octet_length(b) >= size THEN unhex(left(hex(b), 2 * size))
         ELSE unhex(left(hex(b) || repeat(hex(fill), (size - octet_length(b)) // octet_length(fill) + 1), 2 * size)) END;

-- An empty search string is found around every character.
CREATE MACRO trino_replace(s, search, replacement) AS
    CASE WHEN search = ''
         THEN replacement || array_to_string(
             list_transform(CASE WHEN s = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(s, '') END,
                            lambda replace_character: replace_character || replacement), '')
         ELSE replace(s, search, replacement) END;

-- The n-th occurrence, from the end when n is negative; occurrences may overlap.
CREATE MACRO trino_strpos_nth(s, search, n) AS
    CASE WHEN search = '' THEN CASE WHEN n > 0 THEN 1 ELSE length(s) + 1 END
         ELSE coalesce(list_filter(range(1, length(s) + 1),
             lambda strpos_start: starts_with(substr(s, strpos_start), search))[n], 0) END;

CREATE MACRO trino_split_limited(parts, delimiter, size) AS
    CASE WHEN len(parts) <= size THEN parts
         ELSE list_append(parts[:size - 1], trino_joined(parts[size:], delimiter)) END;

-- array_to_string for a separator that need not be a constant.
CREATE MACRO trino_joined(parts, separator) AS
    array_to_string(list_transform(list_filter(parts, lambda joined_any: joined_any IS NOT NULL),
                                   lambda joined_part, joined_at: CASE WHEN joined_at = 1 THEN joined_part
                                                                       ELSE separator || joined_part END), '');

CREATE MACRO trino_is_ascii(s) AS length(s) = strlen(s);

-- DuckDB reverses grapheme clusters and measures distances in bytes, Trino works on code points.
CREATE MACRO trino_reverse(s) AS
    CASE WHEN trino_is_ascii(s) THEN reverse(s)
         ELSE array_to_string(list_reverse(regexp_extract_all(s, '(?s).')), '') END;

CREATE MACRO trino_levenshtein_distance(a, b) AS
    CASE WHEN trino_is_ascii(a) AND trino_is_ascii(b) THEN CAST(levenshtein(a, b) AS BIGINT)
         ELSE trino_code_point_levenshtein(a, b) END;

-- DuckDB is slow at trimming a set of characters, which few texts need: first, whether the ends are printable ASCII.
-- It also trims every space separator, the no-break ones too: only those of one byte are sure to be blanks.
CREATE MACRO trino_is_graphic(c) AS c BETWEEN '!' AND '~';

CREATE MACRO trino_trim(s, blanks) AS
    CASE WHEN trino_is_graphic(left(s, 1)) AND trino_is_graphic(right(s, 1)) THEN s
         WHEN trino_is_graphic(left(trim(s), 1)) AND trino_is_graphic(right(trim(s), 1))
              AND strlen(s) - strlen(trim(s)) = length(s) - length(trim(s)) THEN trim(s)
         ELSE trim(s, blanks) END;

CREATE MACRO trino_ltrim(s, blanks) AS
    CASE WHEN trino_is_graphic(left(s, 1)) THEN s
         WHEN trino_is_graphic(left(ltrim(s), 1))
              AND strlen(s) - strlen(ltrim(s)) = length(s) - length(ltrim(s)) THEN ltrim(s)
         ELSE ltrim(s, blanks) END;

CREATE MACRO trino_rtrim(s, blanks) AS
    CASE WHEN trino_is_graphic(right(s, 1)) THEN s
         WHEN trino_is_graphic(right(rtrim(s), 1))
              AND strlen(s) - strlen(rtrim(s)) = length(s) - length(rtrim(s)) THEN rtrim(s)
         ELSE rtrim(s, blanks) END;

-- As forms are sent: a blank is a plus, a star stays, a tilde does not.
CREATE MACRO trino_url_encode(s) AS
    replace(replace(replace(url_encode(s), '%20', '+'), '%2A', '*'), '~', '%7E');

-- Escapes of ASCII only; what is none or makes no UTF-8 is judged elsewhere.
CREATE MACRO trino_url_decode(s) AS
    CASE WHEN NOT contains(s, '%') THEN replace(s, '+', ' ')
         WHEN regexp_full_match(s, '([^%]|%[0-7][0-9A-Fa-f])*') THEN url_decode(replace(s, '+', ' '))
         ELSE trino_other_url_decode(s) END;

-- A good pattern with chr(1) for its escape character, which may have more than one byte.
CREATE MACRO trino_like_pattern(p, e) AS
    replace(replace(replace(p, e || e, chr(2)), e, chr(1)), chr(2), e);

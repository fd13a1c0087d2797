-- Dekker's arithmetic: the upper half of a double's digits, and what a product of doubles is rounded by.
CREATE MACRO trino_upper_half(y) AS 134217729 * y - (134217729 * y - y);

CREATE MACRO trino_product_rest(a, b) AS
    ((trino_upper_half(a) * trino_upper_half(b) - a * b) + trino_upper_half(a) * (b - trino_upper_half(b))
     + (a - trino_upper_half(a)) * trino_upper_half(b)) + (a - trino_upper_half(a)) * (b - trino_upper_half(b));

-- The nearest double to the cube root: DuckDB's is its neighbour for every second number, 3.0000000000000004 of 27.
-- One step of Newton's from there, with an exact cube. Zeros and infinities stay: NaN is the greatest for `least`.
-- Without CASE, inside of which DuckDB would compute each part as often as it is named.
CREATE MACRO trino_refined_root(x, y) AS
    y - least((((y * y) * y - x) + trino_product_rest(y * y, y) + trino_product_rest(y, y) * y) / (3 * y * y),
              least(abs(y) * 1e-15, 1e300));

CREATE MACRO trino_cube_root(x) AS trino_refined_root(x, cbrt(x));

-- Dekker's split: the upper 17 bits of a double's digits.
CREATE MACRO trino_upper_bits(y) AS 68719476737 * y - (68719476737 * y - y);

-- What (u + v)^3 is more than x, by 3 u^2: u^3 is exact, and so is its difference from x, which is almost the same.
-- Of what is left, 3 u^2 v is rounded behind the 70th bit of the cube.
CREATE MACRO trino_cube_excess(x, u, v) AS
    ((3 * (u * u) * v - (x - u * u * u)) + (3 * u + v) * (v * v)) / (3 * (u * u));

-- The nearest double to the cube root, but for some in a million: DuckDB's is its neighbour for every second number,
-- 3.0000000000000004 of 27. One step of Newton's from there. Zeros and infinities stay: NaN is the greatest for `least`.
-- Without CASE, inside of which DuckDB would compute each part as often as it is named.
CREATE MACRO trino_refined_root(x, y) AS
    y - least(trino_cube_excess(x, trino_upper_bits(y), y - trino_upper_bits(y)), least(abs(y) * 1e-15, 1e300));

CREATE MACRO trino_cube_root(x) AS trino_refined_root(x, cbrt(x));

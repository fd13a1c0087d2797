-- Dates reach further than timestamps: what DuckDB computes by way of a timestamp is computed from the parts there.

CREATE MACRO trino_is_far_date(d) AS d NOT BETWEEN make_date(-200000, 1, 1) AND make_date(200000, 1, 1);

CREATE MACRO trino_months_of_date(d) AS CAST(year(d) AS BIGINT) * 12 + month(d) - 1;

-- t: months since the year 0.
CREATE MACRO trino_month_start(t) AS
    make_date((t - ((t % 12) + 12) % 12) // 12, ((t % 12) + 12) % 12 + 1, 1);

CREATE MACRO trino_day_of_month_from(start, n) AS start + CAST(least(n, day(last_day(start))) - 1 AS INTEGER);

-- n: months, of any integer type.
CREATE MACRO trino_date_and_months(d, n) AS
    CASE WHEN n NOT BETWEEN -1000000 AND 1000000 OR trino_is_far_date(d)
         THEN trino_day_of_month_from(trino_month_start(trino_months_of_date(d) + n), day(d))
         ELSE CAST(d + to_months(CAST(n AS INTEGER)) AS DATE) END;

-- size: months of the unit.
CREATE MACRO trino_far_date_trunc(d, size) AS
    trino_month_start(trino_months_of_date(d) - ((trino_months_of_date(d) % size) + size) % size);

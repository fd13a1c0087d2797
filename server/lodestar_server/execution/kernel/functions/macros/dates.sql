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

-- t: months since the year 0. Days since 1970 of a month's first day, of any year.
CREATE MACRO trino_year_from_march(t) AS (t - 2 - (((t - 2) % 12) + 12) % 12) // 12;
CREATE MACRO trino_days_of_month_start(t) AS
    365 * trino_year_from_march(t)
    + trino_floor_quotient(trino_year_from_march(t), 4) - trino_floor_quotient(trino_year_from_march(t), 100)
    + trino_floor_quotient(trino_year_from_march(t), 400) + (153 * ((((t - 2) % 12) + 12) % 12) + 2) // 5 - 719468;
CREATE MACRO trino_floor_quotient(a, b) AS (a - ((a % b) + b) % b) // b;

-- n: months. Days since 1970 of the day that trino_date_and_months gives, where that is no date, too.
CREATE MACRO trino_days_after_months(d, n) AS
    trino_days_of_month_start(trino_months_of_date(d) + n)
    + least(day(d), trino_days_of_month_start(trino_months_of_date(d) + n + 1)
                    - trino_days_of_month_start(trino_months_of_date(d) + n)) - 1;

-- Complete months from the earlier to the later. The last month of all is over after ten days.
CREATE MACRO trino_complete_months_of_dates(a, b) AS
    trino_months_of_date(b) - trino_months_of_date(a)
    - CASE WHEN least(day(a), day(last_day(least(b, make_date(5881580, 6, 30))))) > day(b) THEN 1 ELSE 0 END;
CREATE MACRO trino_month_difference_of_dates(a, b) AS
    CASE WHEN a <= b THEN trino_complete_months_of_dates(a, b) ELSE -trino_complete_months_of_dates(b, a) END;

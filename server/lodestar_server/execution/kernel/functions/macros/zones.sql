-- Instants and wall clocks. Instants are TIMESTAMPs in UTC; z is a zone as Trino prints it: UTC, +05:30, Europe/Paris.

CREATE MACRO trino_offset_micros(z) AS
    (CASE WHEN starts_with(z, '-') THEN -1 ELSE 1 END)
    * (CAST(substr(z, 2, 2) AS BIGINT) * 3600000000 + CAST(substr(z, 5, 2) AS BIGINT) * 60000000);

CREATE MACRO trino_region_local(micros, z) AS timezone(z, make_timestamptz(micros));

-- v: a time of day in picoseconds, read from t. Before 1970 Trino reads a second less where there is a fraction.
CREATE MACRO trino_time_before_1970(v, t) AS
    CASE WHEN epoch_us(t) < 0 AND epoch_us(t) % 1000000 <> 0
         THEN (v + 86399000000000000) % 86400000000000000 ELSE v END;

-- The wall clock of an instant.
CREATE MACRO trino_local(t, z) AS
    CASE WHEN z = 'UTC' THEN t
         WHEN left(z, 1) IN ('+', '-') THEN make_timestamp(epoch_us(t) + trino_offset_micros(z))
         ELSE trino_region_local(epoch_us(t), z) END;

-- ICU takes the later of two instants with the same wall clock, Java the earlier: try the offset of the day before.
CREATE MACRO trino_earlier_instant(l, late, z) AS
    epoch_us(l) - (epoch_us(trino_region_local(late - 86400000000, z)) - (late - 86400000000));

CREATE MACRO trino_chosen_instant(l, early, late, z) AS
    CASE WHEN early < late AND trino_region_local(early, z) = l THEN make_timestamp(early)
         ELSE make_timestamp(late) END;

CREATE MACRO trino_region_instant(l, z) AS
    list_transform([epoch_us(timezone(z, l))],
        lambda region_late: trino_chosen_instant(l, trino_earlier_instant(l, region_late, z), region_late, z))[1];

-- The instant of a wall clock; one inside a gap moves forward by the gap.
CREATE MACRO trino_instant(l, z) AS
    CASE WHEN z = 'UTC' THEN l
         WHEN left(z, 1) IN ('+', '-') THEN make_timestamp(epoch_us(l) - trino_offset_micros(z))
         ELSE trino_region_instant(l, z) END;

-- Minutes between UTC and the zone at an instant.
CREATE MACRO trino_offset_minutes(t, z) AS
    (epoch_us(trino_local(t, z)) - epoch_us(t)) // 60000000;

-- STRUCT(t picoseconds of the local day, o minutes): picoseconds of the day in UTC.
CREATE MACRO trino_time_instant(x) AS
    ((x.t - x.o * 60000000000000) % 86400000000000000 + 86400000000000000) % 86400000000000000;

-- Microseconds rounded half up to a multiple of f.
CREATE MACRO trino_round_micros(m, f) AS
    (m + f // 2) - (((m + f // 2) % f) + f) % f;

-- Picoseconds of the day of a wall clock.
CREATE MACRO trino_time_of_day(t) AS
    ((epoch_us(t) % 86400000000 + 86400000000) % 86400000000) * 1000000;

CREATE MACRO trino_offset_zone(o) AS
    CASE WHEN o = 0 THEN 'UTC' ELSE trino_offset_text(o) END;

-- A difference in units of 1/f milliseconds, rounded half up to milliseconds.
CREATE MACRO trino_round_to_millis(d, f) AS
    trino_round_micros(d, f) // f;

-- A time with offset on the clock of another offset, in minutes.
CREATE MACRO trino_shifted_time(x, o) AS
    ((trino_time_instant(x) + o * 60000000000000) % 86400000000000000 + 86400000000000000) % 86400000000000000;

-- Milliseconds between wall clocks, each cut to whole ones.
CREATE MACRO trino_floor_millis(t) AS
    CASE WHEN epoch_us(t) >= 0 THEN epoch_us(t) // 1000 ELSE (epoch_us(t) - 999) // 1000 END;

CREATE MACRO trino_millisecond_difference(a, b) AS trino_floor_millis(b) - trino_floor_millis(a);

-- Complete months from the earlier to the later, negative when b is the earlier.
CREATE MACRO trino_complete_months(a, b) AS
    (year(b) * 12 + month(b)) - (year(a) * 12 + month(a))
    - CASE WHEN a + to_months(CAST((year(b) * 12 + month(b)) - (year(a) * 12 + month(a)) AS INTEGER)) > b
           THEN 1 ELSE 0 END;

CREATE MACRO trino_month_difference(a, b) AS
    CASE WHEN a <= b THEN trino_complete_months(date_trunc('millisecond', a), date_trunc('millisecond', b))
         ELSE -trino_complete_months(date_trunc('millisecond', b), date_trunc('millisecond', a)) END;

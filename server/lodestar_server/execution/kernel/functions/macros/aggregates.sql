-- What aggregates do with the lists that they gathered.

-- rows: STRUCT(v, w) sorted by v; the first value whose weights so far pass the part p of all.
CREATE MACRO trino_weighted_percentile(rows, p) AS
    coalesce(list_filter(
        list_transform(rows, lambda percentile_row, percentile_index: struct_pack(
            v := percentile_row.v,
            s := list_sum(list_transform(rows[:percentile_index], lambda percentile_part: percentile_part.w)))),
        lambda percentile_sum: percentile_sum.s
            > p * list_sum(list_transform(rows, lambda percentile_all: percentile_all.w)))[1].v, rows[-1].v);

bigint
"Quoted"
varchar(10)
char
decimal(10, 2)
decimal(5)
double
double precision
time
time(3)
time with time zone
time(6) with time zone
time without time zone
timestamp
timestamp(12)
timestamp(3) with time zone
timestamp(p)
timestamp(3, 4)
interval year to month
interval day to second
interval day
interval
array(bigint)
array<bigint>
array<array<bigint>>
bigint array
bigint array array
map(varchar, bigint)
map<varchar, array(bigint)>
row(a bigint, "B" varchar)
row(bigint, varchar)
row(a row(b array(row(c date))))
row(double precision)
row(x double precision)
row(a bigint array)
row(interval day to second)
row
HyperLogLog
function(bigint, boolean)

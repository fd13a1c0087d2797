select row(1,null,'x') r, cast(row(1,2) as row(a int, b double)) r2, array[1,null,3] ar, map(array['b','a','c'],array[1,2,null]) m;
select map(array[10,1,100,17,33,3],array[1,2,3,4,5,6]), map(array[1e0,2.5e0,1e10],array['a','b','c']);
select map(array['hello','world','foo','bar','baz','qux','quux','a','b','c','d','e','f','g'],sequence(1,14));
select map(array[date '2020-01-01', date '2021-01-01'], array[x'00', x'0102']), map(array[true, false], array[1, 2]);
select array[x'000102030405060708090a0b0c0d0e0f1011121314'] avb, array[array['a', null], null] nested;
select cast(row(1, row('x', array[row(1)])) as row(a int, b row(c varchar, d array(row(int)))));

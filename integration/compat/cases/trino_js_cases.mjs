// The JavaScript client by its own API. LODESTAR_COMPAT_URL is the server, which has tpch and memory;
// LODESTAR_JS_MODULES is the directory with the client in its node_modules.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const { BasicAuth, Trino } = createRequire(`${process.env.LODESTAR_JS_MODULES}/`)('trino-client');
const server = process.env.LODESTAR_COMPAT_URL;

const connect = (options = {}) => Trino.create({ server, auth: new BasicAuth('tester'), source: 'lane', ...options });

// Columns, rows and the last error of a query, and how many documents it took.
const run = async (trino, query) => {
  const found = { rows: [], columns: undefined, error: undefined, documents: 0, last: undefined };
  for await (const result of await trino.query(query)) {
    found.documents += 1;
    found.columns = result.columns ?? found.columns;
    found.rows.push(...(result.data ?? []));
    found.error = result.error ?? found.error;
    found.last = result;
  }
  return found;
};

test('rows and columns', async () => {
  const found = await run(connect({ catalog: 'tpch', schema: 'tiny' }), 'SELECT regionkey, name FROM region ORDER BY 1');
  assert.deepEqual(found.columns.map((one) => [one.name, one.type]), [['regionkey', 'bigint'], ['name', 'varchar(25)']]);
  assert.deepEqual(found.rows[4], [4, 'MIDDLE EAST']);
  assert.equal(found.last.stats.state, 'FINISHED');
});

test('values of many types', async () => {
  const found = await run(
    connect(),
    `SELECT 1, true, NULL, -2.5e10, nan(), DECIMAL '12.50', 'grüße 😀', X'00FF', DATE '2024-02-29', TIME '01:02:03.456',
      TIMESTAMP '2024-02-29 01:02:03.123456', TIMESTAMP '2024-07-01 12:00:00 Europe/Berlin', INTERVAL '14' MONTH,
      UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59', JSON '{"a":1}', ARRAY[1, NULL], MAP(ARRAY['k'], ARRAY[1]), ROW(1, 'x')`,
  );
  const [row] = found.rows;
  // A client that does not announce PARAMETRIC_DATETIME gets milliseconds.
  assert.deepEqual(row, [
    1, true, null, -2.5e10, 'NaN', '12.50', 'grüße 😀', 'AP8=', '2024-02-29', '01:02:03.456', '2024-02-29 01:02:03.123',
    '2024-07-01 12:00:00.000 Europe/Berlin', '1-2', '12151fd2-7586-11e9-8f9e-2a86e4085a59', '{"a":1}', [1, null], { k: 1 },
    [1, 'x'],
  ]);
  assert.deepEqual(found.columns.slice(8, 12).map((one) => one.type), [
    'date', 'time', 'timestamp', 'timestamp with time zone',
  ]);
});

test('several documents', async () => {
  const found = await run(connect(), 'SELECT * FROM tpch.tiny.lineitem');
  assert.equal(found.rows.length, 60175);
  assert.ok(found.documents > 3);
});

test('map, forEach and fold of the iterator', async () => {
  const trino = connect();
  const iterator = await trino.query('SELECT n FROM UNNEST(sequence(1, 100)) AS t (n)');
  const total = await iterator
    .map((result) => result.data ?? [])
    .fold([], (rows, all) => [...all, ...rows]);
  assert.equal(total.reduce((sum, [n]) => sum + n, 0), 5050);
});

test('an error is in the last document', async () => {
  const found = await run(connect(), 'SELECT nothing FROM tpch.tiny.nation');
  assert.equal(found.error.errorName, 'COLUMN_NOT_FOUND');
  assert.equal(found.error.errorType, 'USER_ERROR');
  assert.equal(found.error.errorCode, 47);
  assert.equal(found.error.message, "line 1:8: Column 'nothing' cannot be resolved");
  assert.equal(found.error.failureInfo.type, 'io.trino.spi.TrinoException');
});

test('an error while it runs', async () => {
  const found = await run(connect(), 'SELECT 1 / (nationkey - 3) FROM tpch.tiny.nation');
  assert.equal(found.error.errorName, 'DIVISION_BY_ZERO');
});

test('catalog, schema, user and session of one query', async () => {
  const trino = connect({ catalog: 'tpch', schema: 'sf1' });
  const query = { query: 'SELECT current_catalog, current_schema, current_user', catalog: 'memory', schema: 'default' };
  assert.deepEqual((await run(trino, query)).rows, [['memory', 'default', 'tester']]);
  const session = { query_max_run_time: '7m' };
  const shown = await run(trino, { query: "SHOW SESSION LIKE 'query_max_run_time'", session });
  assert.equal(shown.rows[0][1], '7m');
  const other = await run(trino, { query: 'SELECT current_user', user: 'somebody' });
  // The name of the login is another: that is to act for somebody.
  assert.equal(other.error.message, 'Access Denied: User tester cannot impersonate user somebody');
  assert.deepEqual((await run(connect({ auth: new BasicAuth('somebody') }), 'SELECT current_user')).rows, [['somebody']]);
});

test('USE, SET SESSION and prepared statements last', async () => {
  const trino = connect();
  await run(trino, 'USE tpch.tiny');
  assert.deepEqual((await run(trino, 'SELECT count(*) FROM nation')).rows, [[25]]);
  await run(trino, "SET SESSION query_max_run_time = '9m'");
  assert.equal((await run(trino, "SHOW SESSION LIKE 'query_max_run_time'")).rows[0][1], '9m');
  const extraHeaders = { 'X-Trino-Prepared-Statement': `p=${encodeURIComponent('SELECT name FROM nation WHERE nationkey = ?')}` };
  assert.deepEqual((await run(trino, { query: 'EXECUTE p USING 3', extraHeaders })).rows, [['CANADA']]);
});

test('writes', async () => {
  const trino = connect({ catalog: 'memory' });
  await run(trino, 'DROP SCHEMA IF EXISTS memory.js_lane CASCADE');
  for (const sql of ['CREATE SCHEMA js_lane', 'CREATE TABLE js_lane.t (a BIGINT)']) {
    assert.equal((await run(trino, sql)).error, undefined);
  }
  const insert = await run(trino, 'INSERT INTO js_lane.t VALUES 1, 2, 3');
  assert.deepEqual(insert.rows, [[3]]);
  assert.equal(insert.last.updateType, 'INSERT');
  assert.deepEqual((await run(trino, 'SELECT sum(a) FROM js_lane.t')).rows, [[6]]);
  await run(trino, 'DROP SCHEMA js_lane CASCADE');
});

test('information about a query', async () => {
  const trino = connect();
  const found = await run(trino, 'SELECT 1 AS one');
  const info = await trino.queryInfo(found.last.id);
  assert.equal(info.queryId, found.last.id);
  assert.equal(info.state, 'FINISHED');
  assert.equal(info.query, 'SELECT 1 AS one');
});

test('cancel', async () => {
  const trino = connect();
  // This client hands on no document without rows, so the query has to give some.
  const iterator = await trino.query('SELECT * FROM tpch.tiny.lineitem CROSS JOIN tpch.tiny.nation');
  let { value: last } = await iterator.next();
  await trino.cancel(last.id);
  for await (const result of iterator) {
    last = result;
  }
  assert.equal(last.error.errorName, 'USER_CANCELED');
  assert.equal((await trino.queryInfo(last.id)).state, 'FAILED');
});

test('queries at the same time', async () => {
  const numbers = Array.from({ length: 12 }, (_, index) => index);
  const found = await Promise.all(numbers.map((n) => run(connect(), `SELECT ${n}`)));
  assert.deepEqual(found.map((one) => one.rows[0][0]), numbers);
});

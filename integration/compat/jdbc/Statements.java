import io.trino.jdbc.TrinoResultSet;
import io.trino.jdbc.TrinoStatement;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/** Statement: results and counts, limits, several pages, warnings, cancel, timeouts, errors. */
final class Statements {
    private static final String SLOW =
            "SELECT count(*) FROM tpch.sf1000.lineitem a JOIN tpch.sf1000.lineitem b ON a.partkey = b.partkey";
    private static final String OTHER = "memory." + Main.SCHEMA + ".counted";

    private Statements() {}

    static void walk(Connection connection) throws Exception {
        Show.section("Statement");
        try (Statement statement = connection.createStatement()) {
            for (Method method : Values.methods(Statement.class, "", 0)) {
                if (!List.of("close", "cancel", "getConnection").contains(method.getName())) {
                    Show.line(method.getName(), () -> method.invoke(statement));
                }
            }
            counts(statement);
            limits(statement);
            errors(statement);
        }
        Show.line("a closed statement", () -> {
            Statement closed = connection.createStatement();
            closed.close();
            return closed.executeQuery("SELECT 1");
        });
        waiting(connection);
    }

    private static void counts(Statement statement) {
        Show.section("counts");
        for (String sql : List.of(
                "CREATE TABLE " + OTHER + " (a BIGINT)",
                "INSERT INTO " + OTHER + " VALUES 1, 2, 3",
                "DELETE FROM " + OTHER,
                "UPDATE " + OTHER + " SET a = 1",
                "TRUNCATE TABLE " + OTHER,
                "COMMENT ON TABLE " + OTHER + " IS 'x'",
                "ALTER TABLE " + OTHER + " ADD COLUMN b VARCHAR",
                "DROP TABLE " + OTHER,
                "CREATE TABLE " + OTHER + " AS SELECT * FROM tpch.tiny.nation",
                "DROP TABLE IF EXISTS " + OTHER,
                "SET SESSION query_max_run_time = '1h'",
                "RESET SESSION query_max_run_time",
                "USE tpch.tiny",
                "PREPARE p FROM SELECT 1",
                "EXECUTE p",
                "DEALLOCATE PREPARE p",
                "SHOW TABLES FROM tpch.tiny",
                "EXPLAIN (TYPE VALIDATE) SELECT 1",
                "CALL system.runtime.kill_query('20200101_000000_00000_aaaaa', 'x')",
                "SELECT 1 AS one",
                "VALUES 1, 2")) {
            Show.line(sql, () -> {
                boolean rows = statement.execute(sql);
                Object type = statement.unwrap(TrinoStatement.class).getUpdateType();
                String heads = rows ? Show.table(statement.getResultSet()) : "no rows";
                return rows + " " + statement.getUpdateCount() + " " + statement.getLargeUpdateCount() + " " + type + " " + heads;
            });
            Show.line("  getMoreResults", statement::getMoreResults);
        }
        Show.line("executeQuery of DDL", () -> statement.executeQuery("CREATE SCHEMA IF NOT EXISTS memory." + Main.SCHEMA));
        Show.line("executeUpdate of a query", () -> statement.executeUpdate("SELECT 1"));
        Show.line("executeLargeUpdate", () -> statement.executeLargeUpdate("CREATE SCHEMA IF NOT EXISTS memory." + Main.SCHEMA));
        Show.line("addBatch", () -> {
            statement.addBatch("SELECT 1");
            return "added";
        });
        Show.line("keys", () -> statement.executeUpdate("SELECT 1", Statement.RETURN_GENERATED_KEYS));
        Show.line("escapes", () -> statement.executeQuery("SELECT {fn now()}"));
        Show.line("two statements", () -> statement.executeQuery("SELECT 1; SELECT 2"));
        Show.line("a semicolon", () -> statement.executeQuery("SELECT 1;"));
        Show.line("an empty text", () -> statement.executeQuery(" "));
        Show.line("a comment", () -> statement.executeQuery("SELECT /* c */ 'x' -- end"));
    }

    private static long count(ResultSet rows) throws SQLException {
        long found = 0;
        while (rows.next()) {
            found++;
        }
        return found;
    }

    private static void limits(Statement statement) throws Exception {
        Show.section("limits");
        statement.setMaxRows(7);
        Show.line("getMaxRows", statement::getMaxRows);
        Show.line("at most 7", () -> count(statement.executeQuery("SELECT * FROM tpch.tiny.orders")));
        statement.setLargeMaxRows(20000);
        Show.line("at most 20000", () -> count(statement.executeQuery("SELECT * FROM tpch.tiny.orders")));
        statement.setMaxRows(0);
        for (int size : new int[] {0, 1, 100, 1000000}) {
            statement.setFetchSize(size);
            Show.line("fetch size " + size, () -> statement.getFetchSize() + " " + count(statement.executeQuery("SELECT * FROM tpch.tiny.lineitem")));
        }
        Show.line("fetch size -1", () -> {
            statement.setFetchSize(-1);
            return "set";
        });
        Show.line("max field size", () -> {
            statement.setMaxFieldSize(10);
            return "set";
        });
        Show.line("fetch direction", () -> {
            statement.setFetchDirection(ResultSet.FETCH_FORWARD);
            statement.setFetchDirection(ResultSet.FETCH_REVERSE);
            return "set";
        });
        Show.line("cursor name", () -> {
            statement.setCursorName("x");
            return "set";
        });
        Show.line("escape processing", () -> {
            statement.setEscapeProcessing(true);
            return "set";
        });
        Show.line("warnings", () -> {
            ResultSet rows = statement.executeQuery("SELECT 1");
            rows.next();
            return rows.getWarnings() + " " + statement.getWarnings() + " " + statement.getConnection().getWarnings();
        });
        Show.line("stats", () -> {
            ResultSet rows = statement.executeQuery("SELECT * FROM tpch.tiny.lineitem");
            long found = count(rows);
            TrinoResultSet theirs = rows.unwrap(TrinoResultSet.class);
            return found + " " + theirs.getStats().getState() + " " + theirs.getStats().getProcessedRows() + " "
                    + theirs.getQueryId().matches("[0-9_]{22}[a-z0-9]{5}");
        });
        Show.line("a result closed early", () -> {
            ResultSet rows = statement.executeQuery("SELECT * FROM tpch.tiny.lineitem CROSS JOIN tpch.tiny.nation");
            rows.next();
            rows.close();
            return statement.executeQuery("SELECT 'next'");
        });
    }

    private static void errors(Statement statement) {
        Show.section("errors");
        for (String sql : List.of(
                "SELEC 1",
                "SELECT\n  x FROM tpch.tiny.nation",
                "SELECT * FROM tpch.tiny.nothing",
                "SELECT * FROM nothing.a.b",
                "SELECT nothing(1)",
                "SELECT 1 / x FROM (VALUES 0) AS t (x)",
                "SELECT CAST(x AS INTEGER) FROM (VALUES 'a') AS t (x)",
                "SELECT 'a' + 1",
                "SELECT fail('my own')",
                "SELECT x, count(*) FROM (VALUES 1) t (x)",
                "INSERT INTO memory." + Main.SCHEMA + ".things (name) VALUES ('x')",
                "CREATE TABLE memory." + Main.SCHEMA + ".things (a BIGINT)",
                "DROP TABLE memory." + Main.SCHEMA + ".nothing",
                "SET SESSION nothing = 1",
                "SET SESSION query_max_run_time = 'x'",
                "DELETE FROM tpch.tiny.nation",
                "CREATE TABLE tpch.tiny.x (a BIGINT)",
                "EXECUTE nothing",
                "GRANT SELECT ON tpch.tiny.nation TO USER x")) {
            Show.line(sql.replace("\n", " "), () -> statement.execute(sql) ? Show.table(statement.getResultSet()) : "no rows");
        }
    }

    private static void waiting(Connection connection) throws Exception {
        Show.section("cancel and timeouts");
        try (Statement statement = connection.createStatement()) {
            AtomicReference<String> outcome = new AtomicReference<>();
            // The driver drops a cancel that comes between the first RUNNING, with the columns, and the result set.
            CountDownLatch started = new CountDownLatch(3);
            statement.unwrap(TrinoStatement.class).setProgressMonitor(stats -> {
                if (stats.getState().equals("RUNNING")) {
                    started.countDown();
                }
            });
            Thread runner = new Thread(() -> {
                try {
                    outcome.set("rows " + statement.executeQuery(SLOW).next());
                } catch (SQLException failure) {
                    outcome.set(Show.failure(failure));
                }
            });
            runner.start();
            started.await();
            statement.cancel();
            runner.join(60000);
            System.out.println("cancel from another thread: " + outcome.get());
        }
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            Show.line("getQueryTimeout", statement::getQueryTimeout);
            Show.line("a query past its time", () -> statement.executeQuery(SLOW).next());
            statement.setQueryTimeout(0);
            Show.line("and the next", () -> statement.executeQuery("SELECT 1"));
        }
        try (Statement statement = connection.createStatement()) {
            statement.closeOnCompletion();
            Show.line("isCloseOnCompletion", statement::isCloseOnCompletion);
            statement.executeQuery("SELECT 1").close();
            Show.line("isClosed", statement::isClosed);
        }
    }
}

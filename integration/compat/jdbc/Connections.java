import io.trino.jdbc.TrinoConnection;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

/** Connection: its properties, catalog and schema, transactions, validity, client info, session, URLs. */
final class Connections {
    private static final String TABLE = "memory." + Main.SCHEMA + ".kept";

    private Connections() {}

    private static Object query(Connection connection, String sql) throws Exception {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            return Show.table(rows);
        }
    }

    static void walk() throws Exception {
        Show.section("Connection");
        try (Connection connection = Main.connect("/tpch/tiny")) {
            for (Method method : Values.methods(Connection.class, "", 0)) {
                if (!List.of("close", "getMetaData", "createStatement", "commit", "rollback", "beginRequest", "endRequest")
                        .contains(method.getName())) {
                    Show.line(method.getName(), () -> method.invoke(connection));
                }
            }
            Show.line("rows", () -> query(connection, "SELECT count(*) AS n FROM region"));
            Show.line("isValid", () -> connection.isValid(5));
            Show.line("isValid -1", () -> connection.isValid(-1));
            Show.line("nativeSQL", () -> connection.nativeSQL("SELECT {d '2024-01-01'}"));
            connection.setCatalog("memory");
            connection.setSchema(Main.SCHEMA);
            Show.line("catalog and schema", () -> connection.getCatalog() + "." + connection.getSchema());
            Show.line("rows", () -> query(connection, "SELECT id FROM things ORDER BY 1"));
            Main.run(connection, "USE tpch.sf1");
            Show.line("after USE", () -> connection.getCatalog() + "." + connection.getSchema());
            Show.line("setCatalog nothing", () -> {
                connection.setCatalog("nothing");
                return query(connection, "SELECT * FROM region");
            });
            connection.setReadOnly(true);
            Show.line("isReadOnly", connection::isReadOnly);
            connection.setReadOnly(false);
            Show.line("client info", () -> {
                connection.setClientInfo("ApplicationName", "walker");
                connection.setClientInfo("ClientInfo", "some info");
                connection.setClientInfo("ClientTags", "a,b");
                connection.setClientInfo("TraceToken", "trace");
                return connection.getClientInfo("ApplicationName") + " " + query(connection, "SELECT 1 AS x");
            });
            Show.line("setClientInfo nothing", () -> {
                connection.setClientInfo("Nothing", "x");
                return "set";
            });
            Show.line("createArrayOf", () -> connection.createArrayOf("integer", new Object[] {1, 2}));
            Show.line("createStruct", () -> connection.createStruct("row", new Object[] {1}));
            Show.line("setTypeMap", () -> {
                connection.setTypeMap(Map.of());
                return "set";
            });
            Show.line("setNetworkTimeout", () -> {
                connection.setNetworkTimeout(Runnable::run, 90000);
                return connection.getNetworkTimeout();
            });
            Show.line("scrollable", () -> connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY));
            Show.line("setHoldability", () -> {
                connection.setHoldability(ResultSet.CLOSE_CURSORS_AT_COMMIT);
                return "set";
            });
        }
        session();
        transactions();
        urls();
        Show.line("after close", () -> {
            Connection closed = Main.connect("/tpch/tiny");
            closed.close();
            return closed.isClosed() + " " + closed.isValid(1) + " " + closed.createStatement();
        });
        Show.line("abort", () -> {
            Connection aborted = Main.connect("/tpch/tiny");
            aborted.abort(Runnable::run);
            return aborted.isClosed();
        });
    }

    private static void session() throws Exception {
        Show.section("session");
        try (Connection connection = Main.connect("/tpch/tiny", "sessionProperties", "query_max_run_time:7m")) {
            TrinoConnection theirs = connection.unwrap(TrinoConnection.class);
            Show.line("of the URL", () -> {
                try (Statement statement = connection.createStatement();
                        ResultSet rows = statement.executeQuery("SHOW SESSION LIKE 'query_max_run_time'")) {
                    rows.next();
                    return rows.getString("Name") + " " + rows.getString("Value") + " " + rows.next();
                }
            });
            theirs.setSessionProperty("query_max_run_time", "8m");
            theirs.setTimeZoneId("Asia/Tokyo");
            theirs.setLocale(java.util.Locale.GERMANY);
            theirs.setSessionUser("other");
            Show.line("zone and user", () -> query(connection, "SELECT current_timezone() z, current_user u"));
            theirs.clearSessionUser();
            Show.line("user", () -> query(connection, "SELECT current_user u"));
            Main.run(connection, "SET TIME ZONE 'America/New_York'");
            Show.line("SET TIME ZONE", () -> query(connection, "SELECT current_timezone() z"));
            for (String sql : List.of("SET PATH memory.default", "SET PATH nothing.x", "SET SESSION AUTHORIZATION someone",
                    "RESET SESSION AUTHORIZATION", "SET ROLE NONE")) {
                Show.line(sql, () -> {
                    Main.run(connection, sql);
                    return query(connection, sql.startsWith("SET PATH") ? "SELECT current_path p" : "SELECT current_user u");
                });
            }
        }
    }

    private static void transactions() throws Exception {
        Show.section("transactions");
        try (Connection connection = Main.connect("/memory/" + Main.SCHEMA)) {
            Main.run(connection, "CREATE TABLE " + TABLE + " (a BIGINT)");
            for (int level : new int[] {1, 2, 4, 8, 0}) {
                Show.line("setTransactionIsolation " + level, () -> {
                    connection.setTransactionIsolation(level);
                    return connection.getTransactionIsolation();
                });
            }
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_UNCOMMITTED);
            Show.line("commit with autocommit", () -> {
                connection.commit();
                return "done";
            });
            connection.setAutoCommit(false);
            Show.line("getAutoCommit", connection::getAutoCommit);
            Show.line("read", () -> query(connection, "SELECT count(*) AS n FROM tpch.tiny.nation"));
            Show.line("read again", () -> query(connection, "SELECT count(*) AS n FROM tpch.tiny.region"));
            Show.line("isolation in a transaction", () -> {
                connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
                return "set";
            });
            connection.commit();
            Show.line("a write", () -> {
                try (Statement statement = connection.createStatement()) {
                    return statement.executeUpdate("INSERT INTO " + TABLE + " VALUES 1");
                }
            });
            connection.rollback();
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_UNCOMMITTED);
            Show.line("a fault", () -> query(connection, "SELECT * FROM nothing"));
            Show.line("after the fault", () -> query(connection, "SELECT 1 AS x"));
            connection.rollback();
            Show.line("after rollback", () -> query(connection, "SELECT 1 AS x"));
            Show.line("setSavepoint", () -> connection.setSavepoint());
            Show.line("rollback to a savepoint", () -> {
                connection.rollback((Savepoint) null);
                return "done";
            });
            connection.setAutoCommit(true);
            Show.line("rows", () -> query(connection, "SELECT * FROM " + TABLE));
            Main.run(connection, "START TRANSACTION READ ONLY");
            Show.line("autocommit after START TRANSACTION", connection::getAutoCommit);
            Show.line("a write in a reading transaction", () -> {
                try (Statement statement = connection.createStatement()) {
                    return statement.executeUpdate("INSERT INTO " + TABLE + " VALUES 1");
                }
            });
            Main.run(connection, "ROLLBACK");
            Show.line("autocommit after ROLLBACK", connection::getAutoCommit);
            Main.run(connection, "DROP TABLE " + TABLE);
        }
    }

    private static void urls() {
        Show.section("URLs");
        String[][] all = {
            {"", "source", "walk"},
            {"/tpch", "clientTags", "a,b"},
            {"/tpch/tiny", "timezone", "Asia/Kathmandu"},
            {"/tpch/tiny", "disableCompression", "true"},
            {"/tpch/tiny", "roles", "system:NONE"},
            {"/tpch/tiny", "extraCredentials", "a:b;c:d"},
            {"/tpch/tiny", "sessionUser", "other"},
            {"/tpch/tiny", "path", "memory.default"},
            {"/tpch/tiny", "validateConnection", "true"},
            {"/tpch/tiny", "assumeLiteralUnderscoreInMetadataCallsForNonConformingClients", "true"},
            {"/tpch/tiny", "assumeNullCatalogMeansCurrent", "true"},
            {"/tpch/tiny", "applicationNamePrefix", "pre"},
            {"/tpch/tiny", "encoding", "json+zstd"},
            {"/tpch/tiny", "resourceEstimates", "EXECUTION_TIME:1m"},
            {"/tpch/tiny", "sessionProperties", "nothing:1"},
            {"/tpch/tiny", "password", "x"},
            {"/tpch/tiny", "nothing", "x"},
            {"/tpch/tiny/more", "source", "walk"},
        };
        for (String[] one : all) {
            Show.line(String.join(" ", one), () -> {
                try (Connection connection = Main.connect(one[0], one[1], one[2])) {
                    return connection.getCatalog() + "." + connection.getSchema() + " "
                            + query(connection, "SELECT current_user u, current_timezone() z, current_catalog c, current_schema s")
                            + Show.table(connection.getMetaData().getTables(null, "t_ny", "region", null));
                }
            });
        }
    }
}

import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URL;
import java.sql.Connection;
import java.sql.Date;
import java.sql.JDBCType;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.UUID;

/** Every setter of PreparedStatement, objects with and without a target type, batches, and what is said of parameters. */
final class Parameters {
    private static final String THINGS = "memory." + Main.SCHEMA + ".things";
    private static final List<Object> OBJECTS = Arrays.asList(
            null, true, (byte) 1, (short) 2, 3, 4L, 1.5f, 2.5d, Double.NaN, Double.POSITIVE_INFINITY,
            new BigDecimal("12.50"), new BigInteger("99999999999999999999"), "it's 😀", "", 'c', new byte[] {0, -1},
            Date.valueOf("2024-02-29"), Time.valueOf("01:02:03"), Timestamp.valueOf("2024-02-29 01:02:03.123456789"),
            new java.util.Date(0), LocalDate.of(2024, 2, 29), LocalTime.of(1, 2, 3, 456), LocalDateTime.of(2024, 2, 29, 1, 2, 3, 4),
            OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 4, ZoneOffset.ofHours(2)), OffsetTime.of(1, 2, 3, 4, ZoneOffset.ofHours(2)),
            ZonedDateTime.of(2024, 7, 1, 1, 2, 3, 4, ZoneId.of("Europe/Berlin")), Instant.ofEpochSecond(5),
            UUID.fromString("12151fd2-7586-11e9-8f9e-2a86e4085a59"), List.of(1), Map.of("a", 1), new int[] {1});
    private static final List<Integer> TARGETS = List.of(
            Types.BOOLEAN, Types.BIT, Types.TINYINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT, Types.REAL, Types.FLOAT,
            Types.DOUBLE, Types.DECIMAL, Types.NUMERIC, Types.CHAR, Types.VARCHAR, Types.LONGVARCHAR, Types.VARBINARY,
            Types.BINARY, Types.DATE, Types.TIME, Types.TIME_WITH_TIMEZONE, Types.TIMESTAMP, Types.TIMESTAMP_WITH_TIMEZONE,
            Types.ARRAY, Types.JAVA_OBJECT, Types.OTHER, Types.CLOB, Types.NULL);

    private Parameters() {}

    interface Setting {
        void on(PreparedStatement statement) throws Throwable;
    }

    private static void round(Connection connection, String label, Setting setting) {
        Show.line(label, () -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT ? AS v, typeof(?) AS t")) {
                setting.on(statement);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    return new Object[] {rows.getObject("v"), rows.getString("t")};
                }
            }
        });
    }

    static void walk(Connection connection) throws Exception {
        Show.section("setters");
        for (Method setter : Arrays.stream(PreparedStatement.class.getDeclaredMethods())
                .filter(method -> method.getName().startsWith("set") && method.getParameterCount() >= 2)
                .sorted(Comparator.comparing(Method::toString))
                .toList()) {
            Class<?>[] types = setter.getParameterTypes();
            String label = setter.getName() + Arrays.stream(types).map(Class::getSimpleName).toList();
            round(connection, label, statement -> {
                setter.invoke(statement, arguments(setter, 1));
                setter.invoke(statement, arguments(setter, 2));
            });
        }
        Show.section("setNull");
        for (int target : TARGETS) {
            round(connection, "setNull " + JDBCType.valueOf(target), statement -> {
                statement.setNull(1, target);
                statement.setNull(2, target);
            });
        }
        Show.section("setObject");
        for (Object value : OBJECTS) {
            String name = value == null ? "null" : value.getClass().getSimpleName();
            round(connection, "setObject " + name, statement -> {
                statement.setObject(1, value);
                statement.setObject(2, value);
            });
            for (int target : TARGETS) {
                round(connection, "setObject " + name + " as " + JDBCType.valueOf(target), statement -> {
                    statement.setObject(1, value, target);
                    statement.setObject(2, value, target);
                });
            }
        }
        about(connection);
        batch(connection);
        faults(connection);
        try (Connection explicit = Main.connect("/memory", "explicitPrepare", "false")) {
            Show.section("without explicit PREPARE");
            round(explicit, "setString", statement -> {
                statement.setString(1, "it's");
                statement.setString(2, "x");
            });
            about(explicit);
        }
    }

    private static Object[] arguments(Method setter, int number) throws Exception {
        Class<?>[] types = setter.getParameterTypes();
        Object[] found = new Object[types.length];
        found[0] = number;
        for (int index = 1; index < types.length; index++) {
            found[index] = value(setter.getName(), types[index], index);
        }
        return found;
    }

    private static Object value(String setter, Class<?> type, int index) throws Exception {
        if (type == boolean.class) return true;
        if (type == byte.class) return (byte) 1;
        if (type == short.class) return (short) 2;
        if (type == int.class) return index == 1 ? (setter.equals("setNull") ? Types.VARCHAR : 3) : setter.equals("setObject") && index == 2 ? Types.VARCHAR : 4;
        if (type == long.class) return 4L;
        if (type == float.class) return 1.5f;
        if (type == double.class) return 2.5d;
        if (type == BigDecimal.class) return new BigDecimal("12.50");
        if (type == String.class) return "text";
        if (type == byte[].class) return new byte[] {0, 65, -1};
        if (type == Date.class) return Date.valueOf("2024-02-29");
        if (type == Time.class) return Time.valueOf("01:02:03");
        if (type == Timestamp.class) return Timestamp.valueOf("2024-02-29 01:02:03.456");
        if (type == Calendar.class) return Calendar.getInstance(TimeZone.getTimeZone("Asia/Tokyo"));
        if (type == java.io.InputStream.class) return new ByteArrayInputStream(new byte[] {65, 66, 67, 68});
        if (type == java.io.Reader.class) return new StringReader("read");
        if (type == URL.class) return java.net.URI.create("http://example.org/").toURL();
        if (type == java.sql.SQLType.class) return JDBCType.VARCHAR;
        if (type == Object.class) return "object";
        return null;
    }

    private static void about(Connection connection) throws Exception {
        Show.section("ParameterMetaData and getMetaData");
        for (String sql : List.of(
                "SELECT name, ? AS x FROM tpch.tiny.nation WHERE nationkey = ? AND name LIKE ? AND comment = CAST(? AS VARCHAR(7))",
                "INSERT INTO " + THINGS + " VALUES (?, ?, ?, ?)",
                "SHOW CATALOGS LIKE ?",
                "SELECT 1",
                "SELECT * FROM " + THINGS,
                "CREATE TABLE memory." + Main.SCHEMA + ".other (a BIGINT)")) {
            System.out.println("-- " + sql);
            Show.line("parameters", () -> {
                try (PreparedStatement statement = connection.prepareStatement(sql)) {
                    ParameterMetaData parameters = statement.getParameterMetaData();
                    List<String> texts = new ArrayList<>();
                    for (int number = 1; number <= parameters.getParameterCount(); number++) {
                        texts.add(parameters.getParameterTypeName(number) + ":" + parameters.getParameterType(number) + ":"
                                + parameters.getPrecision(number) + ":" + parameters.getScale(number) + ":"
                                + parameters.isNullable(number) + ":" + parameters.isSigned(number) + ":"
                                + parameters.getParameterClassName(number) + ":" + parameters.getParameterMode(number));
                    }
                    return texts.toString();
                }
            });
            Show.line("columns", () -> {
                try (PreparedStatement statement = connection.prepareStatement(sql)) {
                    ResultSetMetaData columns = statement.getMetaData();
                    if (columns == null) {
                        return null;
                    }
                    List<String> texts = new ArrayList<>();
                    for (int number = 1; number <= columns.getColumnCount(); number++) {
                        texts.add(columns.getColumnLabel(number) + ":" + columns.getColumnTypeName(number) + ":"
                                + columns.getCatalogName(number) + ":" + columns.getSchemaName(number) + ":"
                                + columns.getTableName(number));
                    }
                    return texts.toString();
                }
            });
        }
    }

    private static void batch(Connection connection) throws Exception {
        Show.section("batch");
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO " + THINGS + " (id, name) VALUES (?, ?)")) {
            for (int number = 1; number <= 3; number++) {
                insert.setLong(1, number);
                insert.setString(2, number == 2 ? null : "name " + number);
                insert.addBatch();
            }
            Show.line("executeBatch", () -> Arrays.toString(insert.executeBatch()));
            Show.line("executeBatch again", () -> Arrays.toString(insert.executeBatch()));
            insert.setLong(1, 9);
            insert.setString(2, "dropped");
            insert.addBatch();
            insert.clearBatch();
            Show.line("executeBatch after clearBatch", () -> Arrays.toString(insert.executeBatch()));
            insert.setLong(1, 4);
            insert.setNull(2, Types.VARCHAR);
            insert.addBatch();
            insert.setNull(1, Types.BIGINT);
            insert.setString(2, "no key");
            insert.addBatch();
            Show.line("a batch with a fault", () -> Arrays.toString(insert.executeBatch()));
            insert.setLong(1, 5);
            insert.setString(2, "one");
            Show.line("executeUpdate", insert::executeUpdate);
            Show.line("executeLargeUpdate", insert::executeLargeUpdate);
        }
        try (PreparedStatement select = connection.prepareStatement("SELECT id, name FROM " + THINGS + " ORDER BY 1, 2")) {
            Show.line("rows", select::executeQuery);
            Show.line("executeUpdate of a query", select::executeUpdate);
            Show.line("execute", select::execute);
            Show.line("getResultSet", select::getResultSet);
        }
        Show.line("delete", () -> connection.prepareStatement("DELETE FROM " + THINGS + " WHERE id = 5").executeUpdate());
    }

    private static void faults(Connection connection) throws Exception {
        Show.section("faults of parameters");
        Show.line("prepare a wrong text", () -> connection.prepareStatement("SELEC ?").executeQuery());
        Show.line("prepare an unknown table", () -> connection.prepareStatement("SELECT * FROM memory.x.y").executeQuery());
        try (PreparedStatement statement = connection.prepareStatement("SELECT ?, ?")) {
            Show.line("none set", statement::executeQuery);
            statement.setInt(1, 1);
            Show.line("one set", statement::executeQuery);
            statement.setInt(3, 1);
            Show.line("a gap", statement::executeQuery);
            statement.clearParameters();
            statement.setInt(1, 1);
            statement.setInt(2, 1);
            statement.setInt(3, 1);
            Show.line("one too many", statement::executeQuery);
            Show.line("index 0", () -> {
                statement.setInt(0, 1);
                return "set";
            });
            Show.line("execute(String)", () -> statement.execute("SELECT 1"));
        }
        Show.line("prepareCall", () -> connection.prepareCall("CALL x()"));
        Show.line("prepareStatement with keys", () -> connection.prepareStatement("SELECT 1", 1) != null);
        Show.line("scrollable", () -> connection.prepareStatement("SELECT 1", 1004, 1007) != null);
    }
}

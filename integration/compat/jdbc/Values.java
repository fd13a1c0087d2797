import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.UUID;

/** Values of all types through every getter of ResultSet, and everything ResultSetMetaData says of them. */
final class Values {
    static final List<String> EXPRESSIONS = List.of(
            "NULL",
            "true",
            "TINYINT '-7'",
            "SMALLINT '300'",
            "INTEGER '70000'",
            "BIGINT '-9000000000'",
            "REAL '1.5'",
            "DOUBLE '-2.5e10'",
            "nan()",
            "infinity()",
            "DECIMAL '12.50'",
            "DECIMAL '-12345678901234567890.123456789'",
            "'42'",
            "CAST('grüße 😀' AS VARCHAR)",
            "CAST('ab' AS CHAR(4))",
            "X'00FF41'",
            "DATE '2024-02-29'",
            "DATE '1500-03-01'",
            "DATE '0001-01-01'",
            "TIME '01:02:03.456'",
            "TIME '23:59:59.999999999999'",
            "TIME '10:11:12.5 +05:30'",
            "TIMESTAMP '2024-02-29 12:13:14'",
            "TIMESTAMP '2024-02-29 12:13:14.123456789012'",
            "TIMESTAMP '1500-03-01 00:00:00.5'",
            "TIMESTAMP '2024-07-01 12:13:14.567 Europe/Berlin'",
            "TIMESTAMP '2024-07-01 12:13:14.567890123 -08:00'",
            "INTERVAL '14' MONTH",
            "INTERVAL '1 02:03:04.567' DAY TO SECOND",
            "UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'",
            "IPADDRESS '10.0.0.1'",
            "JSON '{\"a\": [1, null]}'",
            "ARRAY[1, NULL, 3]",
            "ARRAY[ARRAY['a'], ARRAY[]]",
            "ARRAY[DATE '2024-01-01', NULL]",
            "MAP(ARRAY['k', 'l'], ARRAY[1.5, NULL])",
            "CAST(ROW(1, 'x', NULL) AS ROW(a INTEGER, b VARCHAR, c DOUBLE))",
            "ROW(1, ARRAY[ROW('n')])");

    private static final List<Class<?>> CLASSES = List.of(
            String.class, Boolean.class, Byte.class, Short.class, Integer.class, Long.class, Float.class, Double.class,
            BigDecimal.class, byte[].class, Date.class, Time.class, Timestamp.class, LocalDate.class, LocalTime.class,
            LocalDateTime.class, OffsetDateTime.class, ZonedDateTime.class, Instant.class, UUID.class, Map.class,
            List.class, Object.class);

    private Values() {}

    static void walk(Connection connection) throws Exception {
        StringBuilder query = new StringBuilder("SELECT ");
        for (int number = 1; number <= EXPRESSIONS.size(); number++) {
            query.append(number > 1 ? ", " : "").append(EXPRESSIONS.get(number - 1)).append(" AS c").append(number);
        }
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(query.toString())) {
            columns(rows.getMetaData());
            rows.next();
            List<Method> getters = methods(ResultSet.class, "get", 1, int.class);
            Show.section("getters by number: " + getters.stream().map(Method::getName).toList());
            for (int number = 1; number <= EXPRESSIONS.size(); number++) {
                int column = number;
                System.out.println("-- " + EXPRESSIONS.get(number - 1));
                for (Method getter : getters) {
                    Show.line("  " + getter.getName(), () -> getter.invoke(rows, column));
                }
                Show.line("  wasNull", rows::wasNull);
                for (Class<?> type : CLASSES) {
                    Show.line("  getObject " + type.getSimpleName(), () -> rows.getObject(column, type));
                }
                Calendar tokyo = Calendar.getInstance(TimeZone.getTimeZone("Asia/Tokyo"));
                Show.line("  getDate Tokyo", () -> rows.getDate(column, tokyo));
                Show.line("  getTime Tokyo", () -> rows.getTime(column, tokyo));
                Show.line("  getTimestamp Tokyo", () -> rows.getTimestamp(column, tokyo));
            }
            Show.section("getters by label");
            for (Method getter : methods(ResultSet.class, "get", 1, String.class)) {
                Show.line(getter.getName() + " c5", () -> getter.invoke(rows, "c5"));
                Show.line(getter.getName() + " C13", () -> getter.invoke(rows, "C13"));
            }
            Show.line("getString nothing", () -> rows.getString("nothing"));
            Show.line("getString 0", () -> rows.getString(0));
            Show.line("getString 99", () -> rows.getString(99));
            Show.line("findColumn", () -> rows.findColumn("C7"));
        }
        cursor(connection);
    }

    private static void columns(ResultSetMetaData about) throws Exception {
        List<Method> methods = methods(ResultSetMetaData.class, "", 1, int.class);
        Show.section("ResultSetMetaData: " + methods.stream().map(Method::getName).toList());
        Show.line("getColumnCount", about::getColumnCount);
        for (int number = 1; number <= about.getColumnCount(); number++) {
            int column = number;
            List<String> texts = new ArrayList<>();
            for (Method method : methods) {
                String text;
                try {
                    text = Show.text(method.invoke(about, column));
                } catch (Exception failure) {
                    text = Show.failure(failure);
                }
                texts.add(text);
            }
            System.out.println(EXPRESSIONS.get(number - 1) + ": " + String.join(" ", texts));
        }
    }

    private static void cursor(Connection connection) throws Exception {
        Show.section("ResultSet without columns to read");
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) t (n, s)")) {
            for (Method method : methods(ResultSet.class, "", 0)) {
                String name = method.getName();
                if (!List.of("next", "close", "getMetaData", "getStatement").contains(name)) {
                    Show.line(name, () -> method.invoke(rows));
                }
            }
            Show.line("next", rows::next);
            Show.line("getRow", rows::getRow);
            Show.line("isFirst", rows::isFirst);
            Show.line("absolute", () -> rows.absolute(1));
            Show.line("updateInt", () -> {
                rows.updateInt(1, 5);
                return "done";
            });
            Show.line("next", rows::next);
            Show.line("next", rows::next);
            Show.line("getInt after the end", () -> rows.getInt(1));
            rows.close();
            Show.line("next after close", rows::next);
        }
    }

    /** Methods of an interface by the start of their name and their parameters, in the order of their names. */
    static List<Method> methods(Class<?> type, String start, int count, Class<?>... parameters) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> method.getName().startsWith(start) && method.getParameterCount() == count)
                .filter(method -> Arrays.equals(method.getParameterTypes(), parameters))
                .filter(method -> !method.getName().contains("$"))
                .sorted(Comparator.comparing(Method::getName))
                .toList();
    }
}

import java.io.InputStream;
import java.io.Reader;
import java.lang.reflect.InvocationTargetException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Time;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Prints what a call answered, or how it failed, as one line or as a small table. Decides nothing. */
final class Show {
    interface Call {
        Object run() throws Throwable;
    }

    private static final Set<String> CATALOGS = Set.of("tpch", "memory", "system");
    private static final Set<String> MEMORY_SCHEMAS = Set.of("information_schema", Main.SCHEMA);

    private Show() {}

    static void section(String name) {
        System.out.println("== " + name);
    }

    static void line(String label, Call call) {
        String text;
        try {
            text = " = " + text(call.run());
        } catch (Throwable failure) {
            text = " ! " + failure(failure);
        }
        System.out.println(label + text);
    }

    /** Class, SQL state, code and message; the class alone where nothing of ours speaks in it. */
    static String failure(Throwable failure) {
        Throwable cause = failure instanceof InvocationTargetException wrapped ? wrapped.getCause() : failure;
        String name = cause.getClass().getSimpleName();
        if (cause instanceof SQLException sql) {
            return name + " [" + sql.getSQLState() + ", " + sql.getErrorCode() + "] " + sql.getMessage();
        }
        return name + " " + cause.getMessage();
    }

    static String text(Object value) throws Exception {
        if (value == null) {
            return "null";
        }
        if (value instanceof ResultSet rows) {
            return table(rows);
        }
        if (value instanceof byte[] bytes) {
            return "bytes " + HexFormat.of().formatHex(bytes);
        }
        if (value instanceof java.sql.Array array) {
            return "Array<" + array.getBaseTypeName() + ":" + array.getBaseType() + ">" + text(array.getArray());
        }
        if (value instanceof Object[] values) {
            List<String> texts = new ArrayList<>();
            for (Object one : values) {
                texts.add(text(one));
            }
            return texts.toString();
        }
        if (value instanceof Time time) {
            return "Time " + time + " " + time.getTime();
        }
        if (value instanceof Timestamp timestamp) {
            return "Timestamp " + timestamp + " " + timestamp.getTime();
        }
        if (value instanceof InputStream stream) {
            return "stream " + HexFormat.of().formatHex(stream.readAllBytes());
        }
        if (value instanceof Reader reader) {
            StringBuilder all = new StringBuilder();
            for (int one = reader.read(); one >= 0; one = reader.read()) {
                all.append((char) one);
            }
            return "reader " + all;
        }
        if (value instanceof Blob || value instanceof Clob) {
            return value.getClass().getSimpleName();
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, String> texts = new TreeMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                texts.put(text(entry.getKey()), text(entry.getValue()));
            }
            return "Map " + texts;
        }
        if (value instanceof SQLWarning warning) {
            return "warning [" + warning.getSQLState() + ", " + warning.getErrorCode() + "] " + warning.getMessage();
        }
        if (value instanceof String text) {
            return "'" + escaped(text) + "'";
        }
        if (value instanceof BigDecimal number) {
            return "BigDecimal " + number.toPlainString();
        }
        String name = value.getClass().getSimpleName();
        return Set.of("Integer", "Boolean").contains(name) ? value.toString() : name + " " + escaped(value.toString());
    }

    private static String escaped(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        String flat = text.replace("\n", "\\n").replace("\t", "\\t").replace("\u0000", "\\0");
        return bytes.length <= 300 ? flat : flat.substring(0, 200) + "… " + bytes.length + " bytes";
    }

    /** Columns with their types, then the rows; those of catalogs and schemas that only one server has are left out. */
    static String table(ResultSet rows) throws Exception {
        ResultSetMetaData about = rows.getMetaData();
        StringBuilder text = new StringBuilder();
        List<String> heads = new ArrayList<>();
        for (int column = 1; column <= about.getColumnCount(); column++) {
            heads.add(about.getColumnLabel(column) + ":" + about.getColumnTypeName(column));
        }
        text.append(String.join(" | ", heads));
        List<String> lines = new ArrayList<>();
        while (rows.next()) {
            if (foreign(rows, about)) {
                continue;
            }
            List<String> cells = new ArrayList<>();
            for (int column = 1; column <= about.getColumnCount(); column++) {
                cells.add(text(rows.getObject(column)));
            }
            lines.add("\n    " + String.join(" | ", cells));
        }
        rows.close();
        if (about.getColumnLabel(1).equals("TYPE_NAME")) {
            // The order is that of DATA_TYPE, which many types share.
            lines.sort(null);
        }
        lines.forEach(text::append);
        return text + "\n    (" + lines.size() + ")";
    }

    private static boolean foreign(ResultSet rows, ResultSetMetaData about) throws SQLException {
        String catalog = null;
        String schema = null;
        for (int column = 1; column <= about.getColumnCount(); column++) {
            switch (about.getColumnLabel(column)) {
                case "TABLE_CAT", "TABLE_CATALOG" -> catalog = rows.getString(column);
                case "TABLE_SCHEM" -> schema = rows.getString(column);
                default -> { }
            }
        }
        return (catalog != null && !CATALOGS.contains(catalog))
                || ("memory".equals(catalog) && schema != null && !MEMORY_SCHEMAS.contains(schema));
    }
}

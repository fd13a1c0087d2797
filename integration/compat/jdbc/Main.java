import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Properties;

/** Walks the JDBC driver against the server of the first argument and prints what it met. */
public final class Main {
    static final String SCHEMA = "jdbc_walk";
    static String address;

    private Main() {}

    static Connection connect(String rest, String... properties) throws Exception {
        Properties all = new Properties();
        all.setProperty("user", "tester");
        for (int index = 0; index < properties.length; index += 2) {
            all.setProperty(properties[index], properties[index + 1]);
        }
        return DriverManager.getConnection("jdbc:trino://" + address + rest, all);
    }

    /** Runs a statement for its effect. */
    static void run(Connection connection, String sql) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    public static void main(String[] arguments) throws Exception {
        address = arguments[0];
        int code = 1;
        try {
            walk();
            code = 0;
        } catch (Throwable failure) {
            failure.printStackTrace();
        }
        // The driver's threads would keep the process.
        System.out.flush();
        System.exit(code);
    }

    private static void walk() throws Exception {
        try (Connection connection = connect("/memory")) {
            run(connection, "DROP SCHEMA IF EXISTS memory." + SCHEMA + " CASCADE");
            run(connection, "CREATE SCHEMA memory." + SCHEMA);
            run(connection, "CREATE TABLE memory." + SCHEMA + ".things (id BIGINT NOT NULL COMMENT 'its key', "
                    + "name VARCHAR(20), tags ARRAY(VARCHAR), at TIMESTAMP(6) WITH TIME ZONE) COMMENT 'a table'");
            run(connection, "CREATE VIEW memory." + SCHEMA + ".seen AS SELECT id, name FROM memory." + SCHEMA + ".things");
            try {
                Metadata.walk(connection);
                Values.walk(connection);
                Parameters.walk(connection);
                Statements.walk(connection);
                Connections.walk();
            } finally {
                run(connection, "DROP SCHEMA IF EXISTS memory." + SCHEMA + " CASCADE");
            }
        }
    }
}

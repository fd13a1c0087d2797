import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Every method of DatabaseMetaData: those without arguments as they come, the others with the arguments below. */
final class Metadata {
    private static final String S = Main.SCHEMA;
    private static final Map<String, List<Object[]>> ARGUMENTS = new HashMap<>();

    private Metadata() {}

    private static void with(String method, Object... arguments) {
        ARGUMENTS.computeIfAbsent(method, name -> new java.util.ArrayList<>()).add(arguments);
    }

    static {
        with("getSchemas", "tpch", null);
        with("getSchemas", "tpch", "t%");
        with("getSchemas", "memory", "jdbc\\_walk");
        with("getSchemas", "system", null);
        with("getSchemas", "nothing", null);
        with("getSchemas", null, "tiny");
        with("getTables", "tpch", "tiny", null, null);
        with("getTables", "tpch", "tiny", "n%", null);
        with("getTables", "tpch", "tiny", "nation", new String[] {"TABLE"});
        with("getTables", "tpch", "tiny", "nation", new String[] {"VIEW"});
        with("getTables", "tpch", "tiny", "nation", new String[] {});
        with("getTables", "tpch", null, "region", null);
        with("getTables", null, "tiny", "nation", null);
        with("getTables", "memory", S, null, null);
        with("getTables", "memory", S, null, new String[] {"VIEW", "TABLE"});
        with("getTables", "memory", "jdbc_walk", "s__n", new String[] {"VIEW"});
        with("getTables", "system", "runtime", null, null);
        with("getTables", "system", "runtime", "queries", new String[] {"SYSTEM TABLE"});
        with("getTables", "", "tiny", "nation", null);
        with("getTables", "tpch", "", "nation", null);
        with("getTables", "nothing", null, null, null);
        with("getColumns", "tpch", "tiny", "nation", null);
        with("getColumns", "tpch", "tiny", "n%", "%key");
        with("getColumns", "memory", S, "things", null);
        with("getColumns", "memory", S, "seen", null);
        with("getColumns", null, S, "things", "id");
        with("getColumns", "system", "runtime", "nodes", null);
        with("getColumns", "tpch", "tiny", "nothing", null);
        with("getColumnPrivileges", "tpch", "tiny", "nation", null);
        with("getTablePrivileges", "tpch", "tiny", "nation");
        with("getBestRowIdentifier", "tpch", "tiny", "nation", 1, true);
        with("getVersionColumns", "tpch", "tiny", "nation");
        with("getPrimaryKeys", "tpch", "tiny", "nation");
        with("getImportedKeys", "tpch", "tiny", "nation");
        with("getExportedKeys", "tpch", "tiny", "nation");
        with("getCrossReference", "tpch", "tiny", "nation", "tpch", "tiny", "region");
        with("getIndexInfo", "tpch", "tiny", "nation", false, true);
        with("getUDTs", "tpch", "tiny", null, null);
        with("getSuperTypes", "tpch", "tiny", null);
        with("getSuperTables", "tpch", "tiny", null);
        with("getAttributes", "tpch", "tiny", null, null);
        with("getProcedures", "system", "runtime", null);
        with("getProcedureColumns", "system", "runtime", null, null);
        with("getFunctions", "system", null, "abs");
        with("getFunctionColumns", "system", null, "abs", null);
        with("getPseudoColumns", "tpch", "tiny", "nation", null);
        with("supportsConvert", 12, 4);
        with("supportsTransactionIsolationLevel", Connection.TRANSACTION_READ_UNCOMMITTED);
        with("supportsTransactionIsolationLevel", Connection.TRANSACTION_SERIALIZABLE);
        with("supportsResultSetType", 1003);
        with("supportsResultSetType", 1004);
        with("supportsResultSetConcurrency", 1003, 1007);
        with("supportsResultSetConcurrency", 1003, 1008);
        with("supportsResultSetHoldability", 1);
        with("supportsResultSetHoldability", 2);
        for (String one : List.of("ownUpdatesAreVisible", "ownDeletesAreVisible", "ownInsertsAreVisible",
                "othersUpdatesAreVisible", "othersDeletesAreVisible", "othersInsertsAreVisible", "updatesAreDetected",
                "deletesAreDetected", "insertsAreDetected")) {
            with(one, 1003);
        }
    }

    static void walk(Connection connection) throws Exception {
        Show.section("DatabaseMetaData");
        DatabaseMetaData about = connection.getMetaData();
        List<Method> methods = Arrays.stream(DatabaseMetaData.class.getDeclaredMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .sorted(Comparator.comparing(Method::getName).thenComparing(Method::getParameterCount))
                .collect(Collectors.toList());
        for (Method method : methods) {
            if (method.getParameterCount() == 0) {
                if (!method.getName().equals("getConnection")) {
                    Show.line(method.getName() + "()", () -> method.invoke(about));
                }
                continue;
            }
            List<Object[]> calls = ARGUMENTS.getOrDefault(method.getName(), List.of()).stream()
                    .filter(arguments -> arguments.length == method.getParameterCount())
                    .collect(Collectors.toList());
            if (calls.isEmpty()) {
                System.out.println("NOT WALKED " + method);
            }
            for (Object[] arguments : calls) {
                Show.line(method.getName() + Arrays.deepToString(arguments), () -> method.invoke(about, arguments));
            }
        }
    }
}

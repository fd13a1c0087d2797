import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;

/** One name node and one data node in this process: arguments are the directory and the name node's port. */
public class MiniCluster {
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setBoolean("dfs.permissions.enabled", true);
        MiniDFSCluster cluster = new MiniDFSCluster.Builder(configuration, new File(arguments[0]))
                .nameNodePort(Integer.parseInt(arguments[1]))
                .numDataNodes(1)
                .build();
        cluster.waitActive();
        System.out.println("the cluster is active");
        Thread.currentThread().join();
    }
}

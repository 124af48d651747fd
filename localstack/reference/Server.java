import java.net.InetSocketAddress;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Serves Iceberg's REST reference implementation on a free port of loopback, with its catalog and files below a folder, until it is killed.
 *
 * <p>{@code Server DIR}. It prints "ready URL". SQLite syncs each commit; it has one writer, and so one connection.
 */
public final class Server {
  private Server() {}

  public static void main(String[] args) throws Exception {
    Catalog catalog =
        CatalogUtil.buildIcebergCatalog(
            "reference",
            Map.of(
                "catalog-impl", "org.apache.iceberg.jdbc.JdbcCatalog",
                "uri", "jdbc:sqlite:" + args[0] + "/catalog.db",
                "warehouse", "file:" + args[0] + "/warehouse",
                "jdbc.schema-version", "V1",
                "clients", "1"),
            new Configuration());
    ServletContextHandler handler = new ServletContextHandler(ServletContextHandler.NO_SESSIONS);
    handler.addServlet(new ServletHolder(new RESTCatalogServlet(new RESTCatalogAdapter(catalog))), "/*");
    var server = new org.eclipse.jetty.server.Server(new InetSocketAddress("127.0.0.1", 0));
    server.setHandler(handler);
    server.start();
    System.out.println("ready http://127.0.0.1:" + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
    server.join();
  }
}

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.rest.RESTCatalog;
import org.apache.iceberg.rest.RESTCompatibilityKitCatalogTests;
import org.apache.iceberg.rest.RESTCompatibilityKitViewCatalogTests;
import org.junit.jupiter.api.BeforeEach;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs Iceberg's own catalog tests against a REST server and compares what fails with a list. {@code run} starts it:
 *
 * <p>{@code Kit EXPECTED SELECT key=value...}: a file of "Class.method: words of its failure" lines, a regular expression of what to run (empty: all),
 * and the catalog's properties, credentials excepted: those are read from the environment (FIRN_RCK_CREDENTIAL, "id:secret").
 * {@code warehouse.Catalog} and {@code warehouse.View} name a warehouse each, since the tests leave things behind, and
 * {@code location.Catalog} and {@code location.View} where tests put what they choose a location for; without them the kit uses this machine's disk.
 *
 * <p>Exit status 0: the tests that failed are exactly those of the list. 1: others failed, or listed ones passed or
 * failed in other words. 2: no test ran.
 */
public final class Kit implements TestExecutionListener {
  /** The table tests. Their own flag for nested namespaces speaks of the kit's own server. */
  public static class Catalog extends RESTCompatibilityKitCatalogTests {
    @Override
    protected boolean supportsNestedNamespaces() {
      return true;
    }

    private final Map<TableIdentifier, String> chosen = new HashMap<>();

    /** On S3 a table that is replaced is to stay where it is: vended keys open that folder, and no other that it would move to. */
    @Override
    protected String baseTableLocation(TableIdentifier table) {
      String root = System.getProperty("location.Catalog");
      return root == null ? super.baseTableLocation(table) : chosen.computeIfAbsent(table, one -> catalog().tableExists(one)
          ? catalog().loadTable(one).location() : root + "/" + one.namespace() + "/" + one.name());
    }

    @BeforeEach
    void dropWhatTestsLeave() {
      drop(catalog(), Namespace.empty());
    }
  }

  /** The view tests. */
  public static class View extends RESTCompatibilityKitViewCatalogTests {
    private final String own = UUID.randomUUID().toString(); // of each test, as its folder on a disk would be

    @Override
    protected String viewLocation(String... paths) {
      String root = System.getProperty("location.View");
      return root == null ? super.viewLocation(paths) : String.join("/", root, own, String.join("/", paths)).replaceAll("/$", "");
    }

    @BeforeEach
    void dropWhatTestsLeave() {
      drop(catalog(), Namespace.empty());
    }
  }

  /** Drops all that is in a namespace: the kit itself drops only some, and tests fail where they find another's. */
  private static void drop(RESTCatalog catalog, Namespace parent) {
    for (Namespace namespace : catalog.listNamespaces(parent)) {
      drop(catalog, namespace);
      catalog.listTables(namespace).forEach(table -> catalog.dropTable(table, false));
      catalog.listViews(namespace).forEach(catalog::dropView);
      catalog.dropNamespace(namespace);
    }
  }

  private final Map<String, String> expected;
  private final Set<String> kept = new TreeSet<>();
  private TestPlan plan;
  private int passed;
  private int failed;
  private int skipped;

  private Kit(Map<String, String> expected) {
    this.expected = expected;
  }

  public static void main(String[] args) throws IOException {
    // The kit reads its flags and the catalog's properties from the system properties.
    System.setProperty("rck.requires-namespace-create", "true");
    System.setProperty("rck.supports-names-with-dot", "true");
    System.setProperty("credential", System.getenv("FIRN_RCK_CREDENTIAL"));
    for (String arg : List.of(args).subList(2, args.length)) {
      String[] property = arg.split("=", 2);
      System.setProperty(property[0], property[1]);
    }
    Kit kit = new Kit(read(Path.of(args[0])));
    Pattern selected = Pattern.compile(args[1]);
    for (Class<?> tests : List.of(Catalog.class, View.class)) {
      System.setProperty("warehouse", System.getProperty("warehouse." + tests.getSimpleName()));
      LauncherFactory.create().execute(request(tests, selected), kit);
    }
    System.exit(kit.report(args[1].isEmpty()));
  }

  private static LauncherDiscoveryRequest request(Class<?> tests, Pattern selected) {
    PostDiscoveryFilter selection = descriptor -> FilterResult.includedIf(
        descriptor.getSource().filter(MethodSource.class::isInstance)
            .map(source -> selected.matcher(name((MethodSource) source)).find()).orElse(true));
    return LauncherDiscoveryRequestBuilder.request()
        .selectors(selectClass(tests))
        .filters(selection)
        .configurationParameter("rck.local", "false")
        .configurationParameter("junit.jupiter.execution.timeout.testable.method.default", "3 m")
        .build();
  }

  /** The list: "Class.method: words of its failure" each line, or with "[round]" after the method for one round of a repeated test. */
  private static Map<String, String> read(Path file) throws IOException {
    Map<String, String> expected = new TreeMap<>();
    for (String line : Files.readAllLines(file)) {
      String[] parts = line.split(": ", 2);
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (parts.length < 2 || expected.put(parts[0], parts[1]) != null) {
        throw new IllegalArgumentException("no words, or listed twice: " + line);
      }
    }
    return expected;
  }

  @Override
  public void testPlanExecutionStarted(TestPlan testPlan) {
    plan = testPlan;
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    skipped += testsIn(test);
    System.out.printf("skip      %s: %s%n", name(test), reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (!test.isTest() && result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
      return; // a class or a group of rounds
    }
    String name = name(test);
    String why = result.getThrowable().map(Kit::firstLine).orElse("");
    switch (result.getStatus()) {
      case SUCCESSFUL -> {
        passed++;
        System.out.println("pass      " + name);
      }
      case ABORTED -> {
        skipped += testsIn(test);
        System.out.printf("skip      %s: %s%n", name, why);
      }
      default -> {
        if (expected.containsKey(name) && whole(result).contains(expected.get(name))) {
          kept.add(name);
          skipped++;
          System.out.printf("expected  %s: %s%n", name, expected.get(name));
        } else {
          failed += Math.max(1, testsIn(test)); // a class that fails before its tests fails them all
          System.out.printf("FAIL      %s: %s%n", name, why);
        }
      }
    }
  }

  private int report(boolean whole) {
    List<String> gone = new ArrayList<>(expected.keySet());
    gone.removeAll(kept);
    if (whole) {
      gone.forEach(name -> System.out.println("STALE     " + name + " is listed as failing and did not fail so"));
      failed += gone.size();
    }
    System.out.printf("%d passed, %d failed, %d skipped%n", passed, failed, skipped);
    if (passed == 0) {
      return 2;
    }
    return failed == 0 ? 0 : 1;
  }

  /** The tests that an entry of the plan stands for; a repeated test whose rounds never came counts as one. */
  private int testsIn(TestIdentifier test) {
    return test.isTest() ? 1 : (int) plan.getDescendants(test).stream().filter(one -> plan.getChildren(one).isEmpty()).count();
  }

  private static String name(TestIdentifier test) {
    String round = test.getDisplayName();
    return test.getSource().filter(MethodSource.class::isInstance).map(MethodSource.class::cast)
        .map(method -> name(method) + (round.startsWith(method.getMethodName()) ? "" : "[" + round + "]"))
        .orElse(round);
  }

  private static String name(MethodSource method) {
    return method.getClassName().replace("Kit$", "") + "." + method.getMethodName();
  }

  private static String whole(TestExecutionResult result) {
    return result.getThrowable().map(Throwable::toString).orElse("");
  }

  /** One line of why: assertions break theirs over several. */
  private static String firstLine(Throwable why) {
    String text = String.valueOf(why.getMessage()).lines().map(String::strip).filter(line -> !line.isEmpty())
        .limit(4).collect(Collectors.joining(" "));
    return why.getClass().getSimpleName() + ": " + (text.length() > 300 ? text.substring(0, 300) + "..." : text);
  }
}

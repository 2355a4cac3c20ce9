package io.relook.lakehouse;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * A Spark session with what Relook needs of it: Delta, and Relook's SQL functions. What the user or
 * the distribution has set stays; extensions are added to a list.
 */
public final class LocalSpark {
  private static final String EXTENSIONS = "spark.sql.extensions";

  private LocalSpark() {}

  /** The session that is running, the one that spark-submit configured, or a local one. */
  public static SparkSession session(String name) {
    BuiltFor.require();
    SparkSession.Builder builder = SparkSession.builder();
    if (SparkSession.getActiveSession().isEmpty() && SparkSession.getDefaultSession().isEmpty()) {
      builder.appName(name);
      settings(new SparkConf()).forEach(builder::config);
    }
    return builder.getOrCreate();
  }

  /** What is added to settings: those that are not given, and the extensions. */
  static Map<String, String> settings(SparkConf given) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put(
        "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog");
    settings.put("spark.sql.session.timeZone", "UTC");
    if (!given.contains("spark.master")) {
      settings.put("spark.master", "local[2]");
      settings.put("spark.ui.enabled", "false");
      settings.put("spark.ui.showConsoleProgress", "false");
      settings.put("spark.driver.host", "127.0.0.1");
      settings.put("spark.driver.bindAddress", "127.0.0.1");
      settings.put("spark.sql.shuffle.partitions", "2");
      // Small tables: compiling and re-planning a query takes longer than the query.
      settings.put("spark.sql.codegen.wholeStage", "false");
      settings.put("spark.sql.codegen.factoryMode", "NO_CODEGEN");
      settings.put("spark.sql.adaptive.enabled", "false");
      settings.put("spark.databricks.delta.snapshotPartitions", "1");
      settings.put(
          "spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir") + "/relook-warehouse");
    }
    settings.keySet().removeIf(given::contains);
    settings.put(EXTENSIONS, extensions(given.get(EXTENSIONS, "")));
    return settings;
  }

  private static String extensions(String given) {
    Set<String> all =
        Arrays.stream(given.split(","))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .collect(Collectors.toCollection(LinkedHashSet::new));
    all.add("io.delta.sql.DeltaSparkSessionExtension");
    all.add("io.relook.sql.RelookExtensions");
    return String.join(",", all);
  }
}

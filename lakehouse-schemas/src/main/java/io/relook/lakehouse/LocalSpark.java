package io.relook.lakehouse;

import org.apache.spark.sql.SparkSession;

/** A Spark session with what correctness needs, Delta and UTC, and Relook's SQL functions. */
public final class LocalSpark {
  private LocalSpark() {}

  /** The session that spark-submit configured, or a local one. */
  public static SparkSession session(String name) {
    SparkSession.Builder builder =
        SparkSession.builder()
            .appName(name)
            .config(
                "spark.sql.extensions",
                "io.delta.sql.DeltaSparkSessionExtension,io.relook.sql.RelookExtensions")
            .config(
                "spark.sql.catalog.spark_catalog",
                "org.apache.spark.sql.delta.catalog.DeltaCatalog")
            .config("spark.sql.session.timeZone", "UTC");
    if (System.getProperty("spark.master") == null) {
      builder
          .master("local[2]")
          .config("spark.ui.enabled", "false")
          .config("spark.ui.showConsoleProgress", "false")
          .config("spark.driver.host", "127.0.0.1")
          .config("spark.driver.bindAddress", "127.0.0.1")
          .config("spark.sql.shuffle.partitions", "2")
          // Small tables: compiling and re-planning a query takes longer than the query.
          .config("spark.sql.codegen.wholeStage", "false")
          .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
          .config("spark.sql.adaptive.enabled", "false")
          .config("spark.databricks.delta.snapshotPartitions", "1")
          .config(
              "spark.sql.warehouse.dir",
              System.getProperty("java.io.tmpdir") + "/relook-warehouse");
    }
    return builder.getOrCreate();
  }
}

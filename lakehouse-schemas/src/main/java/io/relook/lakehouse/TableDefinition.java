package io.relook.lakehouse;

import io.relook.lakehouse.RelookException.Category;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;

/** Makes a table, and brings one of an older schema version to the newest. */
final class TableDefinition {
  /** The schema's version, kept as a property of each table. */
  private static final String VERSION_PROPERTY = "relook.schemaVersion";

  private static final String CHECK_PROPERTY = "delta.constraints.";

  private final SparkSession spark;
  private final Table table;
  private final String identifier;

  TableDefinition(SparkSession spark, Table table, String identifier) {
    this.spark = spark;
    this.table = table;
    this.identifier = identifier;
  }

  /** One commit: a table is there with its constraints and its version, or not at all. */
  void create() {
    Map<String, String> properties = new TreeMap<>(table.properties());
    properties.put(VERSION_PROPERTY, String.valueOf(Migration.NEWEST));
    table.checks().forEach((name, rule) -> properties.put(CHECK_PROPERTY + name, rule));
    spark.sql(
        "CREATE TABLE IF NOT EXISTS %s (%s) USING DELTA COMMENT %s TBLPROPERTIES (%s)"
            .formatted(
                identifier,
                table.columns(),
                quoted(table.comment()),
                properties.entrySet().stream()
                    .map(p -> quoted(p.getKey()) + " = " + quoted(p.getValue()))
                    .collect(Collectors.joining(", "))));
  }

  /** Whether the table that is there has to be upgraded; one that is not ours is refused. */
  boolean isOld() {
    return version(properties()) < Migration.NEWEST;
  }

  /**
   * The migrations in order, then the constraints that it lacks, the version last. Killed anywhere,
   * the next opening does the rest.
   */
  void upgrade() {
    int version = version(properties());
    for (Migration migration : Migration.ALL) {
      if (migration.version() > version) {
        for (Migration.Statement statement : migration.of(table)) {
          if (!statement.isDone(spark.table(identifier).schema())) {
            spark.sql(statement.sql(identifier));
          }
        }
      }
    }
    Map<String, String> properties = properties();
    table
        .checks()
        .forEach(
            (name, rule) -> {
              if (!properties.containsKey(CHECK_PROPERTY + name)) {
                spark.sql(
                    "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s)"
                        .formatted(identifier, name, rule));
              }
            });
    spark.sql(
        "ALTER TABLE %s SET TBLPROPERTIES ('%s' = '%d')"
            .formatted(identifier, VERSION_PROPERTY, Migration.NEWEST));
  }

  private int version(Map<String, String> properties) {
    String value = properties.getOrDefault(VERSION_PROPERTY, "none");
    if (!value.matches("\\d{1,6}")) {
      throw new RelookException(
          Category.STORAGE,
          "Table %s was not made by Relook (%s: %s): use another place for the lakehouse."
              .formatted(identifier, VERSION_PROPERTY, value));
    }
    int version = Integer.parseInt(value);
    if (version > Migration.NEWEST) {
      throw new RelookException(
          Category.STORAGE,
          "Table %s has schema version %d, this Relook knows up to %d: use a newer Relook."
              .formatted(identifier, version, Migration.NEWEST));
    }
    return version;
  }

  private Map<String, String> properties() {
    Map<String, String> properties = new TreeMap<>();
    spark
        .sql("SHOW TBLPROPERTIES " + identifier)
        .collectAsList()
        .forEach(row -> properties.put(row.getString(0), row.getString(1)));
    return properties;
  }

  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}

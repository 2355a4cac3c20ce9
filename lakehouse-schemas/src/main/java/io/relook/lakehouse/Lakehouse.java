package io.relook.lakehouse;

import io.delta.tables.DeltaTable;
import io.relook.lakehouse.RelookException.Category;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The tables at one place: a folder, any Hadoop URI, or {@code catalog.schema}. A table is made
 * when it is first used. Writes are by key: writing the same rows twice changes nothing.
 */
public final class Lakehouse {
  /** The schema's version, kept as a property of each table. */
  private static final int VERSION = 1;

  private static final String VERSION_PROPERTY = "relook.schemaVersion";

  private final SparkSession spark;
  private final String location;
  private final boolean named;
  private final Set<Table> ready = EnumSet.noneOf(Table.class);

  private Lakehouse(SparkSession spark, String location) {
    this.spark = spark;
    this.named = location.matches("\\w+\\.\\w+");
    this.location = named ? location : absolute(spark, location.replaceFirst("(?<=.)/+$", ""));
  }

  /** Delta names tables by absolute paths only. */
  private static String absolute(SparkSession spark, String folder) {
    Path path = new Path(folder);
    if (path.isAbsolute()) {
      return folder;
    }
    try {
      return path.getFileSystem(spark.sessionState().newHadoopConf())
          .makeQualified(path)
          .toString();
    } catch (IOException e) {
      throw new RelookException(
          Category.CONFIG,
          "There is no such place as %s: %s.".formatted(folder, e.getMessage()),
          e);
    }
  }

  public static Lakehouse open(SparkSession spark, String location) {
    return new Lakehouse(spark, location);
  }

  public SparkSession spark() {
    return spark;
  }

  /** Where checkpoints and other files of this lakehouse go: a path, or a URI with its scheme. */
  public String folder(String name) {
    return named
        ? spark.conf().get("spark.sql.warehouse.dir") + "/" + location + "/" + name
        : location + "/" + name;
  }

  /** The table's rows as they are now. */
  public Dataset<Row> read(Table table) {
    ensure(table);
    return spark.table(identifier(table));
  }

  /** The table's Delta version. */
  public long version(Table table) {
    ensure(table);
    return spark
        .sql("DESCRIBE HISTORY " + identifier(table) + " LIMIT 1")
        .select("version")
        .first()
        .getLong(0);
  }

  /** Adds the rows whose keys are new; the others stay as they are. */
  public void merge(Table table, Dataset<Row> rows) {
    ensure(table);
    String condition =
        table.key().stream().map(k -> "t." + k + " = s." + k).collect(Collectors.joining(" AND "));
    try {
      delta(table).as("t").merge(rows.as("s"), condition).whenNotMatched().insertAll().execute();
    } catch (RuntimeException e) {
      throw unwritable(table, e);
    }
  }

  /** As above, of rows in memory. */
  public void merge(Table table, List<Row> rows) {
    if (!rows.isEmpty()) {
      merge(table, spark.createDataFrame(rows, table.schema()).coalesce(1));
    }
  }

  /** Makes every table visible to SQL by its bare name. */
  public void register() {
    for (Table table : Table.values()) {
      read(table).createOrReplaceTempView(table.tableName());
    }
  }

  /** Makes the tables that exist visible to SQL by their bare names; none is an error. */
  public void registerExisting() {
    int found = 0;
    for (Table table : Table.values()) {
      if (exists(table)) {
        read(table).createOrReplaceTempView(table.tableName());
        found++;
      }
    }
    if (found == 0) {
      throw new RelookException(
          Category.CONFIG,
          "There is no lakehouse at %s: name the folder that a run wrote.".formatted(location));
    }
  }

  private void ensure(Table table) {
    if (!ready.add(table)) {
      return;
    }
    try {
      if (exists(table)) {
        upgrade(table);
        return;
      }
      if (named) {
        spark.sql("CREATE SCHEMA IF NOT EXISTS " + location);
      }
      spark.sql(
          "CREATE TABLE IF NOT EXISTS %s (%s) USING DELTA COMMENT '%s' TBLPROPERTIES ('%s' = '%d')"
              .formatted(
                  identifier(table),
                  table.columns(),
                  table.comment().replace("'", "\\'"),
                  VERSION_PROPERTY,
                  VERSION));
      table
          .checks()
          .forEach(
              (name, rule) ->
                  spark.sql(
                      "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s)"
                          .formatted(identifier(table), name, rule)));
    } catch (RuntimeException e) {
      ready.remove(table);
      throw e instanceof RelookException ? e : unwritable(table, e);
    }
  }

  private boolean exists(Table table) {
    return named
        ? spark.catalog().tableExists(location + "." + table.tableName())
        : DeltaTable.isDeltaTable(spark, location + "/" + table.tableName());
  }

  /** Numbered migrations go here; there is one version so far. */
  private void upgrade(Table table) {
    Row row =
        spark
            .sql("SHOW TBLPROPERTIES " + identifier(table) + " ('" + VERSION_PROPERTY + "')")
            .first();
    String value = row.getString(row.length() - 1);
    if (!value.matches("\\d+") || Integer.parseInt(value) > VERSION) {
      throw new RelookException(
          Category.STORAGE,
          "Table %s has schema version %s, this Relook knows up to %d: use a newer Relook."
              .formatted(identifier(table), value, VERSION));
    }
  }

  private DeltaTable delta(Table table) {
    return named
        ? DeltaTable.forName(spark, identifier(table))
        : DeltaTable.forPath(spark, location + "/" + table.tableName());
  }

  private String identifier(Table table) {
    return named
        ? location + "." + table.tableName()
        : "delta.`" + location + "/" + table.tableName() + "`";
  }

  private RelookException unwritable(Table table, RuntimeException cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return new RelookException(
        Category.STORAGE,
        "Cannot write table %s: %s. Check permissions and free space, then run the same command again."
            .formatted(identifier(table), root.getMessage()),
        cause);
  }
}

package io.relook.jobs;

import io.delta.tables.DeltaTable;
import io.relook.lakehouse.CatalogName;
import io.relook.lakehouse.RelookException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamReader;
import org.apache.spark.sql.streaming.Trigger;

/**
 * A table that someone else writes: a name in a catalog, the place of a Delta or Parquet table, or
 * as Spark's SQL names a place with its format, {@code delta.`/path`}.
 */
final class SourceTable {
  private final SparkSession spark;

  /** As Spark takes it: a place, or a name in backticks. */
  private final String name;

  /** Of a place; null where it is a name. */
  private final String format;

  private final DeltaTable delta;

  private SourceTable(SparkSession spark, String name, String format, DeltaTable delta) {
    this.spark = spark;
    this.name = name;
    this.format = format;
    this.delta = delta;
  }

  static SourceTable open(SparkSession spark, String name) {
    Optional<CatalogName> parsed = CatalogName.parse(name);
    try {
      if (parsed.isEmpty()) {
        return place(spark, name, null);
      }
      List<String> parts = parsed.get().parts();
      if (parts.size() == 2 && parts.get(1).contains("/")) {
        return place(spark, parts.get(1), parts.get(0).toLowerCase(Locale.ROOT));
      }
      if (parts.size() > 2 && !parsed.get().isCatalogOf(spark)) {
        throw JobErrors.source(
            "there is no catalog %s for the table %s: set spark.sql.catalog.%s"
                .formatted(parts.get(0), name, parts.get(0)));
      }
      String quoted = parsed.get().quoted();
      if (!spark.catalog().tableExists(quoted)) {
        throw JobErrors.source(
            "there is no table %s (a folder is written with a slash: ./%s)".formatted(name, name));
      }
      return new SourceTable(spark, quoted, null, deltaOrNull(spark, quoted));
    } catch (RelookException e) {
      throw e;
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare.
      String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw JobErrors.source("cannot open the table %s (%s)".formatted(name, reason));
    }
  }

  /**
   * @param format null: Delta where there is a Delta table, else Parquet
   */
  private static SourceTable place(SparkSession spark, String place, String format)
      throws IOException {
    Path path = new Path(place);
    FileSystem files = path.getFileSystem(spark.sessionState().newHadoopConf());
    FileStatus[] matching = files.globStatus(path);
    if ((matching == null || matching.length == 0) && !files.exists(path)) {
      throw JobErrors.source("there is no table at " + place);
    }
    boolean isDelta = DeltaTable.isDeltaTable(spark, place);
    if ("delta".equals(format) && !isDelta) {
      throw JobErrors.source("there is no Delta table at " + place);
    }
    if (isDelta && (format == null || format.equals("delta"))) {
      return new SourceTable(spark, place, "delta", DeltaTable.forPath(spark, place));
    }
    SourceTable table = new SourceTable(spark, place, format == null ? "parquet" : format, null);
    table.rows().schema(); // Refused here where it holds nothing of the format.
    return table;
  }

  /** Views and tables of other formats have no versions. */
  private static DeltaTable deltaOrNull(SparkSession spark, String name) {
    try {
      DeltaTable table = DeltaTable.forName(spark, name);
      table.detail().first();
      return table;
    } catch (Exception e) {
      return null;
    }
  }

  boolean isDelta() {
    return delta != null;
  }

  /** Delta's own name for the table, another one where it was dropped and made again. */
  String id() {
    return delta.detail().select("id").first().getString(0);
  }

  /** The newest version. */
  long version() {
    return delta.history(1).select("version").first().getLong(0);
  }

  /** All rows of a table without versions. */
  Dataset<Row> rows() {
    return format != null ? spark.read().format(format).load(name) : spark.table(name);
  }

  Dataset<Row> rowsAt(long version) {
    var reader = spark.read().option("versionAsOf", version);
    return format != null ? reader.format(format).load(name) : reader.table(name);
  }

  /**
   * Rows of the files that versions after {@code version} added, in pieces. A file that was
   * rewritten counts as added, one that was only compacted does not.
   *
   * @return false where Delta does not know any more: log or files are gone, or columns changed
   */
  boolean addedSince(long version, Consumer<Dataset<Row>> take) {
    DataStreamReader reader =
        spark
            .readStream()
            .format("delta")
            .option("startingVersion", version + 1)
            .option("ignoreChanges", true);
    try {
      Dataset<Row> added = format != null ? reader.load(name) : reader.table(name);
      added
          .writeStream()
          .trigger(Trigger.AvailableNow())
          .foreachBatch((VoidFunction2<Dataset<Row>, Long>) (rows, batch) -> take.accept(rows))
          .start()
          .awaitTermination();
      return true;
    } catch (Exception e) {
      RelookException own = JobErrors.own(e);
      // INTERNAL is what Spark says, also of a file that is gone: all of the table is read then,
      // and what is wrong there as well is told.
      if (own != null && own.category() != RelookException.Category.INTERNAL) {
        throw own;
      }
      return false;
    }
  }
}

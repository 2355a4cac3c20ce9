package io.relook.jobs;

import io.delta.tables.DeltaTable;
import io.relook.lakehouse.RelookException;
import java.util.function.Consumer;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamReader;
import org.apache.spark.sql.streaming.Trigger;

/** A table that someone else writes: Delta or Parquet, by its place or its name in a catalog. */
final class SourceTable {
  private final SparkSession spark;
  private final String name;
  private final boolean place;
  private final DeltaTable delta;

  private SourceTable(SparkSession spark, String name, boolean place, DeltaTable delta) {
    this.spark = spark;
    this.name = name;
    this.place = place;
    this.delta = delta;
  }

  static SourceTable open(SparkSession spark, String name) {
    boolean place = name.contains("/");
    try {
      if (place) {
        boolean isDelta = DeltaTable.isDeltaTable(spark, name);
        return new SourceTable(spark, name, true, isDelta ? DeltaTable.forPath(spark, name) : null);
      }
      if (!spark.catalog().tableExists(name)) {
        throw JobErrors.source("there is no table " + name);
      }
      return new SourceTable(spark, name, false, deltaOrNull(spark, name));
    } catch (RelookException e) {
      throw e;
    } catch (RuntimeException e) {
      throw JobErrors.source("cannot open the table %s (%s)".formatted(name, e.getMessage()));
    }
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
    return place ? spark.read().parquet(name) : spark.table(name);
  }

  Dataset<Row> rowsAt(long version) {
    var reader = spark.read().option("versionAsOf", version);
    return place ? reader.format("delta").load(name) : reader.table(name);
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
      Dataset<Row> added = place ? reader.load(name) : reader.table(name);
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

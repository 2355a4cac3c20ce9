package io.relook.report;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A run's rows to SQL: the tables by their bare names hold this run's rows alone, {@code scores}
 * its rewards of one version. A table that is not there yet is empty.
 */
final class RunTables {
  private final SparkSession spark;
  private final String run;
  private final String startedAt;
  private final String preset;
  private final List<String> notes = new ArrayList<>();

  private RunTables(SparkSession spark, Row run) {
    this.spark = spark;
    this.run = run.getString(0);
    this.startedAt = run.getString(1);
    this.preset = run.getString(2);
  }

  /**
   * Of the run that is asked for, or of the one that started last; the views are of a session of
   * their own.
   */
  static RunTables of(SparkSession session, String place, String asked) {
    SparkSession spark = session.newSession();
    Lakehouse.open(spark, place).registerExisting();
    for (Table table : Table.values()) {
      if (!spark.catalog().tableExists(table.tableName())) {
        spark.createDataFrame(List.of(), table.schema()).createOrReplaceTempView(table.tableName());
      }
    }
    List<Row> runs =
        spark
            .sql(
                "SELECT run_id, date_format(started_at, 'yyyy-MM-dd HH:mm:ss'), preset FROM runs ORDER BY started_at DESC")
            .collectAsList();
    Row run =
        runs.stream()
            .filter(row -> asked == null || row.getString(0).equals(asked))
            .findFirst()
            .orElseThrow(
                () ->
                    ReportErrors.noRun(asked, runs.stream().map(row -> row.getString(0)).toList()));
    RunTables tables = new RunTables(spark, run);
    tables.narrow();
    tables.chooseScores();
    return tables;
  }

  String run() {
    return run;
  }

  String startedAt() {
    return startedAt;
  }

  String preset() {
    return preset;
  }

  /** What was chosen on the reader's behalf. */
  List<String> notes() {
    return notes;
  }

  SparkSession spark() {
    return spark;
  }

  List<Row> rows(String query) {
    return spark.sql(query).collectAsList();
  }

  private void narrow() {
    for (Table table : Table.values()) {
      if (Arrays.asList(table.schema().fieldNames()).contains("run_id")) {
        Dataset<Row> own = spark.table(table.tableName()).where(col("run_id").equalTo(run));
        own.createOrReplaceTempView(table.tableName());
      }
    }
  }

  /** The version that most of the run's trajectories have. */
  private void chooseScores() {
    List<Row> versions =
        rows(
            "SELECT version, count(*) FROM rewards JOIN trajectories USING (trajectory_id) GROUP BY 1 ORDER BY 2 DESC, 1 DESC");
    String version = versions.isEmpty() ? "" : versions.get(0).getString(0);
    spark.table("rewards").where(col("version").equalTo(version)).createOrReplaceTempView("scores");
    if (versions.size() > 1) {
      notes.add(
          "Rewards are those of version %s (%d trajectories); the tables have %d versions."
              .formatted(version, versions.get(0).getLong(1), versions.size()));
    }
  }
}

package io.relook.report;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A run's rows to SQL: the tables by their bare names hold this run's rows alone, {@code scores}
 * its rewards of one version. Nothing is written: a table that is not there yet is empty.
 */
final class RunTables {
  /** Whatever the session's time zone is. */
  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final SparkSession spark;
  private final String run;
  private final String startedAt;
  private final String preset;
  private final List<String> notes = new ArrayList<>();

  private RunTables(SparkSession spark, String run, String startedAt, String preset) {
    this.spark = spark;
    this.run = run;
    this.startedAt = startedAt;
    this.preset = preset;
  }

  /**
   * Of the run that is asked for, or of the one that started last; the views are of a session of
   * their own.
   */
  static RunTables of(SparkSession session, String place, String asked) {
    SparkSession spark = session.newSession();
    Lakehouse lakehouse = Lakehouse.open(spark, place);
    for (Table table : Table.values()) {
      lakehouse
          .find(table)
          .orElseGet(() -> spark.createDataFrame(List.of(), table.schema()))
          .createOrReplaceTempView(table.tableName());
    }
    List<Rows.Run> starts =
        spark.sql("SELECT * FROM runs ORDER BY started_at DESC").collectAsList().stream()
            .map(Rows.RUN::fromRow)
            .toList();
    List<String> known = starts.stream().map(Rows.Run::runId).distinct().toList();
    if (known.isEmpty() || asked != null && !known.contains(asked)) {
      throw ReportErrors.noRun(place, asked, known);
    }
    String run = asked == null ? known.get(0) : asked;
    List<Rows.Run> own = starts.stream().filter(start -> start.runId().equals(run)).toList();
    RunTables tables =
        new RunTables(
            spark, run, UTC.format(own.get(own.size() - 1).startedAt()), own.get(0).preset());
    if (own.size() > 1) {
      tables.notes.add(
          "The run was started with %d sets of settings; the recipe is the last one, of %s."
              .formatted(own.size(), UTC.format(own.get(0).startedAt())));
    }
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

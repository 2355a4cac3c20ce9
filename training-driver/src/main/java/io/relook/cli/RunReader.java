package io.relook.cli;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.count_if;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RecordCodec;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Reads a run's tables again and again, each time what is new: one query a table. Makes and changes
 * nothing.
 */
final class RunReader {
  private final Lakehouse lakehouse;
  private final String runId;
  private final List<Rows.Stage> stages = new ArrayList<>();
  private final List<WatchedRun.Step> steps = new ArrayList<>();
  private final List<WatchedRun.Version> versions = new ArrayList<>();

  private RunReader(Lakehouse lakehouse, String runId) {
    this.lakehouse = lakehouse;
    this.runId = runId;
  }

  /**
   * @param place of the lakehouse, as it was named
   * @param runId null for the run that was started last
   */
  static RunReader of(Lakehouse lakehouse, String place, String runId) {
    List<String> runs =
        lakehouse
            .find(Table.RUNS)
            .map(rows -> rows.orderBy(col("started_at").desc()).select("run_id").collectAsList())
            .orElse(List.of())
            .stream()
            .map(row -> row.getString(0))
            .distinct()
            .toList();
    if (runs.isEmpty()) {
      throw new RelookException(
          Category.CONFIG,
          "There is no run at %s: name the lakehouse of one with --lakehouse.".formatted(place));
    }
    if (runId != null && !runs.contains(runId)) {
      throw new RelookException(
          Category.CONFIG,
          "There is no run %s at %s; there is %s."
              .formatted(runId, place, runs.stream().collect(Collectors.joining(", "))));
    }
    return new RunReader(lakehouse, runId == null ? runs.get(0) : runId);
  }

  WatchedRun read() {
    readStages();
    readSteps();
    readVersions();
    return new WatchedRun(runId, stages, steps, versions, evaluations());
  }

  /** The newest again: it may have ended. */
  private void readStages() {
    Column fresh =
        stages.isEmpty()
            ? lit(true)
            : col("started_at").geq(lit(Timestamp.from(stages.get(stages.size() - 1).startedAt())));
    List<Row> found =
        rows(Table.STAGES)
            .map(rows -> rows.where(fresh).orderBy("started_at").collectAsList())
            .orElse(List.of());
    if (!found.isEmpty() && !stages.isEmpty()) {
      stages.remove(stages.size() - 1);
    }
    found.forEach(row -> stages.add(Rows.STAGE.fromRow(row)));
  }

  private void readSteps() {
    Column known = lit(false);
    for (int i = 0; i < steps.size(); i++) {
      WatchedRun.Step step = steps.get(i);
      boolean last =
          i + 1 == steps.size()
              || steps.get(i + 1).iteration() != step.iteration()
              || !steps.get(i + 1).stage().equals(step.stage());
      if (last) {
        known =
            known.or(
                col("iteration")
                    .equalTo(step.iteration())
                    .and(col("stage").equalTo(step.stage()))
                    .and(col("step").leq(step.step())));
      }
    }
    Column fresh = not(known);
    rows(Table.TRAINING_STEPS)
        .map(
            rows ->
                rows.where(fresh)
                    // sft is before grpo
                    .orderBy(col("iteration"), col("stage").desc(), col("step"))
                    .selectExpr(
                        "iteration",
                        "stage",
                        "step",
                        "loss",
                        "reward_mean",
                        "groups",
                        "groups_used",
                        "gradient_norm",
                        "metrics['divergence_mean']",
                        "entropy",
                        "clip_fraction",
                        "sampler_gap",
                        "tokens",
                        "seconds",
                        "skipped",
                        "reward_parts['accuracy']")
                    .collectAsList())
        .orElse(List.of())
        .forEach(row -> steps.add(step(row)));
  }

  private static WatchedRun.Step step(Row row) {
    return new WatchedRun.Step(
        row.getInt(0),
        row.getString(1),
        row.getInt(2),
        row.getDouble(3),
        (Double) row.get(4),
        (Integer) row.get(5),
        (Integer) row.get(6),
        row.getDouble(7),
        (Double) row.get(8),
        (Double) row.get(9),
        (Double) row.get(10),
        (Double) row.get(11),
        row.getLong(12),
        row.getDouble(13),
        row.getString(14),
        (Double) row.get(15));
  }

  private void readVersions() {
    Column fresh =
        versions.isEmpty()
            ? lit(true)
            : col("committed_at")
                .gt(lit(Timestamp.from(versions.get(versions.size() - 1).committedAt())));
    rows(Table.CHECKPOINTS)
        .map(
            rows ->
                rows.where(fresh)
                    .orderBy("committed_at")
                    .select("policy_version", "committed_at")
                    .collectAsList())
        .orElse(List.of())
        .forEach(
            row ->
                versions.add(
                    new WatchedRun.Version(row.getString(0), RecordCodec.instant(row.get(1)))));
  }

  /** In the order of the versions. */
  private List<WatchedRun.Evaluation> evaluations() {
    List<String> order = versions.stream().map(WatchedRun.Version::name).toList();
    return rows(Table.EVALUATIONS)
        .map(
            rows ->
                rows.groupBy("benchmark", "policy_version")
                    .agg(count_if(col("correct")), count(lit(1)))
                    .collectAsList())
        .orElse(List.of())
        .stream()
        .map(
            row ->
                new WatchedRun.Evaluation(
                    row.getString(0), row.getString(1), row.getLong(2), row.getLong(3)))
        .sorted(
            Comparator.comparing(WatchedRun.Evaluation::benchmark)
                .thenComparingInt(e -> order.indexOf(e.version())))
        .toList();
  }

  private Optional<Dataset<Row>> rows(Table table) {
    return lakehouse.find(table).map(rows -> rows.where(col("run_id").equalTo(runId)));
  }
}

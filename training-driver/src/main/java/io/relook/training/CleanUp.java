package io.relook.training;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.RunLock;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;

/**
 * Gives up what nobody keeps: versions beyond the run's {@code keep}, files of checkpoints that no
 * row committed, table files that no kept version's steps read. Never breaks what {@code replay}
 * needs for a kept version, unless its run says {@code keep.replay=false}.
 */
public final class CleanUp {
  private final Lakehouse lakehouse;
  private final Duration olderThan;
  private final String[] overrides;

  /**
   * @param olderThan table files that were replaced for longer; queries that run may still read
   *     younger ones
   * @param overrides of each run's preset, such as {@code keep.last=1}
   */
  public CleanUp(Lakehouse lakehouse, Duration olderThan, String... overrides) {
    this.lakehouse = lakehouse;
    this.olderThan = olderThan;
    this.overrides = overrides.clone();
  }

  /**
   * @param done a line each
   * @param kept what stays against the wish, and why
   */
  public record Result(List<String> done, List<String> kept) {}

  /** A version that steps read, and the kept weights that came of it. */
  private record Needed(Instant since, String reason) {}

  public Result run() {
    lakehouse.requireThere();
    List<String> done = new ArrayList<>();
    List<String> kept = new ArrayList<>();
    Map<Table, Needed> needed = new TreeMap<>();
    for (Row row :
        lakehouse.read(Table.RUNS).select("run_id").distinct().orderBy("run_id").collectAsList()) {
      Rows.Run run = new RunRecord(lakehouse, row.getString(0)).at(Instant.MAX).orElseThrow();
      Preset preset =
          PresetReader.parse("the preset of run " + run.runId(), run.preset(), overrides);
      weights(run.runId(), preset, done);
      if (preset.keep().replay()) {
        lineage(run.runId()).forEach((table, n) -> needed.merge(table, n, CleanUp::earlier));
      }
    }
    for (Table table : Table.values()) {
      if (table.growsByStep() && lakehouse.find(table).isPresent()) {
        tidy(table, needed.get(table), kept);
      }
    }
    return new Result(done, kept);
  }

  private static Needed earlier(Needed a, Needed b) {
    return a.since.isBefore(b.since) ? a : b;
  }

  /** Versions and leftovers of one run, which must not have a driver meanwhile. */
  private void weights(String runId, Preset preset, List<String> done) {
    Configuration hadoop = lakehouse.spark().sessionState().newHadoopConf();
    try (RunLock lock = lakehouse.lockRun(runId, "relook clean-up")) {
      Policies policies = new Policies(lakehouse, runId, preset.train(), preset.keep());
      for (Row stage :
          lakehouse
              .read(Table.CHECKPOINTS)
              .where(col("run_id").equalTo(runId).and(col("stage").notEqual("base")))
              .select("iteration", "stage")
              .distinct()
              .collectAsList()) {
        for (Rows.CheckpointRow row : policies.retire(stage.getInt(0), stage.getString(1))) {
          done.add(
              (row.removedAt() == null ? "optimizer of " : "weights of ") + row.policyVersion());
        }
      }
      for (String leftover : leftovers(policies, runId, hadoop)) {
        policies.delete(leftover);
        done.add("leftover " + leftover);
      }
    }
  }

  /** What a run wrote and did not commit, or gave up and did not come to delete. */
  private List<String> leftovers(Policies policies, String runId, Configuration hadoop) {
    Set<String> committed = new HashSet<>();
    Set<String> withOptimizer = new HashSet<>();
    for (Row row :
        lakehouse
            .read(Table.CHECKPOINTS)
            .where(col("run_id").equalTo(runId).and(col("removed_at").isNull()))
            .collectAsList()) {
      Rows.CheckpointRow version = Rows.CHECKPOINT.fromRow(row);
      String name = new Path(version.uri()).getName();
      committed.add(name);
      if (version.optimizerUri() != null) {
        withOptimizer.add(name);
      }
    }
    List<String> leftovers = new ArrayList<>();
    Path folder = new Path(policies.folder());
    try {
      FileSystem files = folder.getFileSystem(hadoop);
      for (FileStatus status : files.listStatus(folder)) {
        String name = status.getPath().getName();
        Path optimizer = new Path(Policies.optimizer(status.getPath().toString()));
        if (!committed.contains(name)) {
          leftovers.add(status.getPath().toString());
        } else if (!withOptimizer.contains(name) && files.exists(optimizer)) {
          leftovers.add(optimizer.toString());
        }
      }
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw new RelookException(
          RelookException.Category.STORAGE,
          "Cannot list %s: %s.".formatted(folder, e.getMessage()),
          e);
    }
    return leftovers;
  }

  /** By table: the oldest version that a step on the way to a kept version read. */
  private Map<Table, Needed> lineage(String runId) {
    Map<Table, Needed> needed = new TreeMap<>();
    for (Row stage :
        lakehouse
            .read(Table.CHECKPOINTS)
            .where(
                col("run_id")
                    .equalTo(runId)
                    .and(col("stage").notEqual("base"))
                    .and(col("removed_at").isNull()))
            .groupBy("iteration", "stage")
            .agg(max("step").as("step"))
            .collectAsList()) {
      for (Row row :
          lakehouse
              .read(Table.TRAINING_STEPS)
              .where(
                  col("run_id")
                      .equalTo(runId)
                      .and(col("iteration").equalTo(stage.getInt(0)))
                      .and(col("stage").equalTo(stage.getString(1)))
                      .and(col("step").leq(stage.getInt(2))))
              .selectExpr("explode(tables_read) AS (name, version)")
              .groupBy("name")
              .agg(min("version").as("version"))
              .collectAsList()) {
        Table table = Table.valueOf(row.getString(0).toUpperCase(Locale.ROOT));
        long version = row.getLong(1);
        String reason =
            "version %d is what %s/%d/%s/%d came from"
                .formatted(version, runId, stage.getInt(0), stage.getString(1), stage.getInt(2));
        lakehouse
            .committedAt(table, version)
            .ifPresent(at -> needed.merge(table, new Needed(at, reason), CleanUp::earlier));
      }
    }
    return needed;
  }

  private void tidy(Table table, Needed needed, List<String> kept) {
    Instant now = Instant.now();
    Duration since = olderThan;
    if (needed != null && needed.since.isBefore(now.minus(olderThan))) {
      // A second more: the version's own commit is younger than the files it was made of.
      since = Duration.between(needed.since, now).plusSeconds(1);
      kept.add(
          "%s: files of the last %.1f hours stay, as %s"
              .formatted(table.tableName(), since.toSeconds() / 3600.0, needed.reason));
    }
    lakehouse.compact(table);
    lakehouse.vacuum(table, since);
  }
}

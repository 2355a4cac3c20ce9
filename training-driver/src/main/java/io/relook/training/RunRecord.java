package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** The table {@code runs} of one run: with which settings it was started, and when. */
final class RunRecord {
  private final Lakehouse lakehouse;
  private final String runId;

  RunRecord(Lakehouse lakehouse, String runId) {
    this.lakehouse = lakehouse;
    this.runId = runId;
  }

  /**
   * Records a start whose settings are new; refuses settings other than the last start's unless
   * they are asked for. Returns what changes, a line each.
   */
  List<String> begin(Preset preset, boolean otherPreset) {
    Optional<Rows.Run> before = last();
    List<String> changes =
        before.map(run -> PresetReader.changes(run.preset(), preset)).orElse(List.of());
    if (!changes.isEmpty() && !otherPreset) {
      throw new RelookException(
          RelookException.Category.CONFIG,
          "The run %s began with other settings: %s. Give it another name (--run), take the settings that it has, or say --other-preset: what is committed stays, what follows takes the new ones."
              .formatted(runId, String.join("; ", changes)));
    }
    if (before.isEmpty() || !changes.isEmpty()) {
      Rows.Run start = new Rows.Run(runId, PresetReader.yaml(preset), after(before));
      lakehouse.merge(Table.RUNS, List.of(Rows.RUN.toRow(start)));
    }
    return changes;
  }

  /**
   * Now, or the first moment after all that the run has committed: a machine whose clock is behind
   * would put its start before settings that it replaces, or versions that it goes on from.
   */
  private Instant after(Optional<Rows.Run> before) {
    Instant committed =
        lakehouse
            .find(Table.CHECKPOINTS)
            .flatMap(
                rows ->
                    rows
                        .where(col("run_id").equalTo(runId))
                        .orderBy(col("committed_at").desc())
                        .limit(1)
                        .collectAsList()
                        .stream()
                        .findFirst())
            .map(row -> Rows.CHECKPOINT.fromRow(row).committedAt())
            .orElse(Instant.EPOCH);
    Instant latest = before.map(Rows.Run::startedAt).filter(committed::isBefore).orElse(committed);
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    return now.isAfter(latest) ? now : latest.plus(1, ChronoUnit.MICROS);
  }

  /** The settings that held at a time; those of the first start before it. */
  Optional<Rows.Run> at(Instant time) {
    List<Rows.Run> starts = starts();
    Optional<Rows.Run> held =
        starts.stream()
            .filter(run -> !run.startedAt().isAfter(time))
            .reduce((first, second) -> second);
    return held.or(() -> starts.stream().findFirst());
  }

  /** The last start. */
  Optional<Rows.Run> last() {
    return starts().stream().reduce((first, second) -> second);
  }

  private List<Rows.Run> starts() {
    return lakehouse
        .read(Table.RUNS)
        .where(col("run_id").equalTo(runId))
        .orderBy("started_at")
        .collectAsList()
        .stream()
        .map(Rows.RUN::fromRow)
        .toList();
  }
}

package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Another run whose pass rates a run begins with. */
final class RatedRun {
  private final Lakehouse lakehouse;
  private final String runId;

  RatedRun(Lakehouse lakehouse, String runId) {
    this.lakehouse = lakehouse;
    this.runId = runId;
  }

  /** Refuses rates that are not there, or that another policy or another sampling gave. */
  void require(Preset preset) {
    Optional<Rows.Run> run = new RunRecord(lakehouse, runId).last();
    boolean rated = !lakehouse.read(Table.DIFFICULTY).where(col("run_id").equalTo(runId)).isEmpty();
    if (run.isEmpty() || !rated) {
      throw error("the run %s has no pass rates in this lakehouse".formatted(runId));
    }
    Preset other = PresetReader.recorded("of the run " + runId, run.get().preset());
    List<String> differ = new ArrayList<>();
    compare("model", other.model(), preset.model(), differ);
    compare("rollout", other.rollout(), preset.rollout(), differ);
    compare("rewards", other.rewards(), preset.rewards(), differ);
    if (!differ.isEmpty()) {
      throw error("the run %s has other settings: %s".formatted(runId, String.join("; ", differ)));
    }
  }

  private static void compare(String what, Object theirs, Object ours, List<String> differ) {
    if (!theirs.equals(ours)) {
      differ.add("%s %s, not %s".formatted(what, theirs, ours));
    }
  }

  private static RelookException error(String problem) {
    return new RelookException(
        RelookException.Category.CONFIG,
        "difficulty.from: %s. Name a run that rated the same base policy in the same way (iterations=0 makes one), or leave it out."
            .formatted(problem));
  }
}

package io.relook.training;

import io.relook.lakehouse.Rows;
import io.relook.preset.Preset;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Which versions of a stage stay whole (weights and optimizer: a run can go on from them and {@code
 * replay} can begin there), which keep their weights, and which are given up. The newest stays
 * whole, so does every M-th; the last N and the best keep their weights.
 */
final class Retention {
  private final Preset.Keep keep;

  Retention(Preset.Keep keep) {
    this.keep = keep;
  }

  /**
   * Rows as they are to be written, of the versions that change.
   *
   * @param versions of one stage whose files are there
   * @param best the version with the best evaluation, if one has any
   */
  List<Rows.CheckpointRow> changes(
      List<Rows.CheckpointRow> versions, Optional<String> best, Instant now) {
    List<Rows.CheckpointRow> newestFirst =
        versions.stream()
            .sorted(Comparator.comparingInt(Rows.CheckpointRow::step).reversed())
            .toList();
    List<Rows.CheckpointRow> changes = new ArrayList<>();
    for (int i = 0; i < newestFirst.size(); i++) {
      Rows.CheckpointRow version = newestFirst.get(i);
      boolean whole = i == 0 || keep.every() > 0 && version.step() % keep.every() == 0;
      boolean weights =
          whole || i < keep.last() || best.filter(version.policyVersion()::equals).isPresent();
      if (!weights) {
        changes.add(givenUp(version, now));
      } else if (!whole && version.optimizerUri() != null) {
        changes.add(givenUp(version, null));
      }
    }
    return changes;
  }

  /**
   * @param at when its weights are given up; null: its optimizer's state alone
   */
  private static Rows.CheckpointRow givenUp(Rows.CheckpointRow version, Instant at) {
    return new Rows.CheckpointRow(
        version.policyVersion(),
        version.runId(),
        version.iteration(),
        version.stage(),
        version.step(),
        version.uri(),
        null,
        version.parent(),
        version.committedAt(),
        version.weightsSha256(),
        at);
  }
}

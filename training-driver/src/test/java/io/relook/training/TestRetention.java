package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.relook.lakehouse.Rows;
import io.relook.preset.Preset;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TestRetention {
  private static final Instant WHEN = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant NOW = Instant.parse("2026-01-02T00:00:00Z");

  @Test
  void theLastKeepTheirWeightsAndTheNewestItsOptimizer() {
    assertEquals(
        "{1=gone, 2=gone, 3=weights, 4=weights, 5=whole}",
        after(new Preset.Keep(3, 0, true, true), 5, Optional.empty()));
  }

  @Test
  void everySecondStaysWholeAndTheBestKeepsItsWeights() {
    assertEquals(
        "{1=weights, 2=whole, 3=gone, 4=whole, 5=whole}",
        after(new Preset.Keep(1, 2, true, true), 5, Optional.of("run/1/grpo/1")));
  }

  @Test
  void whatWasGivenUpAlreadyIsNotWrittenAgain() {
    List<Rows.CheckpointRow> versions = List.of(version(4, null), version(5, "optimizer"));
    assertEquals(
        List.of(),
        new Retention(new Preset.Keep(2, 0, true, true)).changes(versions, Optional.empty(), NOW));
  }

  @Test
  void whatIsGivenUpSaysWhenAndKeepsTheRest() {
    List<Rows.CheckpointRow> changes =
        new Retention(new Preset.Keep(1, 0, true, true))
            .changes(
                List.of(version(1, "optimizer"), version(2, "optimizer")), Optional.empty(), NOW);
    Rows.CheckpointRow given =
        new Rows.CheckpointRow(
            "run/1/grpo/1", "run", 1, "grpo", 1, "file:/1", null, "p", WHEN, "1f", NOW);
    assertEquals(List.of(given), changes);
  }

  private static String after(Preset.Keep keep, int steps, Optional<String> best) {
    List<Rows.CheckpointRow> versions =
        IntStream.rangeClosed(1, steps).mapToObj(step -> version(step, "optimizer")).toList();
    TreeMap<Integer, String> state = new TreeMap<>();
    versions.forEach(v -> state.put(v.step(), "whole"));
    for (Rows.CheckpointRow change : new Retention(keep).changes(versions, best, NOW)) {
      state.put(change.step(), change.removedAt() == null ? "weights" : "gone");
    }
    return state.toString();
  }

  private static Rows.CheckpointRow version(int step, String optimizer) {
    return new Rows.CheckpointRow(
        "run/1/grpo/" + step,
        "run",
        1,
        "grpo",
        step,
        "file:/" + step,
        optimizer,
        "p",
        WHEN,
        step + "f",
        null);
  }
}

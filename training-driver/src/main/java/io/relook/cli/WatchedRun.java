package io.relook.cli;

import io.relook.jobs.Wilson;
import io.relook.lakehouse.Rows;
import java.time.Instant;
import java.util.List;

/**
 * What the tables say of a run.
 *
 * @param stages its stretches, in order
 * @param steps in order
 * @param versions of its weights, in the order of their commits
 */
record WatchedRun(
    String runId,
    List<Rows.Stage> stages,
    List<Step> steps,
    List<Version> versions,
    List<Evaluation> evaluations) {
  WatchedRun {
    stages = List.copyOf(stages);
    steps = List.copyOf(steps);
    versions = List.copyOf(versions);
    evaluations = List.copyOf(evaluations);
  }

  /**
   * A row of {@code training_steps}, without its lists.
   *
   * @param right share of the samples that are right; null where none is known or was sampled
   */
  record Step(
      int iteration,
      String stage,
      int step,
      double loss,
      Double reward,
      Integer groups,
      Integer groupsUsed,
      double gradientNorm,
      Double divergence,
      Double entropy,
      Double clipFraction,
      Double samplerGap,
      long tokens,
      double seconds,
      String skipped,
      Double right) {}

  record Version(String name, Instant committedAt) {}

  /** Right answers of a version to a benchmark's questions. */
  record Evaluation(String benchmark, String version, long right, long questions) {
    Wilson interval() {
      return Wilson.of(right, questions);
    }
  }

  /** One commit ends a stage and begins the next, so while a run goes on its newest is open. */
  boolean hasEnded() {
    return !stages.isEmpty() && newest().seconds() > 0;
  }

  Rows.Stage newest() {
    return stages.get(stages.size() - 1);
  }
}

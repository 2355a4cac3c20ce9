package io.relook.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.Rows;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TestRunView {
  private static final Instant BEGAN = Instant.parse("2026-01-02T03:00:00Z");

  private static List<String> lines(WatchedRun run, long secondsLater) {
    return new RunView(Sparkline.ASCII).lines(run, BEGAN.plusSeconds(secondsLater));
  }

  private static WatchedRun run(List<Rows.Stage> stages, List<WatchedRun.Step> steps) {
    return new WatchedRun("r", stages, steps, List.of(), List.of());
  }

  private static Rows.Stage stage(String name, double seconds) {
    return new Rows.Stage("r", 1, name, BEGAN, seconds);
  }

  private static WatchedRun.Step step(int step, double loss, String skipped) {
    return new WatchedRun.Step(
        1, "sft", step, loss, null, null, null, 0, null, null, null, null, 10, 2, skipped, null);
  }

  /** Most often the right answers are in a form that the verifier does not read. */
  @Test
  void aStepWithoutARightSampleSaysSo() {
    WatchedRun.Step none =
        new WatchedRun.Step(
            1, "grpo", 1, 0, 0.2, 4, 0, 0, null, null, null, null, 10, 2, null, 0.0);
    WatchedRun.Step some =
        new WatchedRun.Step(
            1, "grpo", 2, 0, 0.2, 4, 0, 0, null, null, null, null, 10, 2, null, 0.25);
    List<String> lines = lines(run(List.of(), List.of(none, some)), 0);
    assertTrue(lines.get(lines.size() - 2).endsWith("no sample is right"), lines::toString);
    assertTrue(lines.get(lines.size() - 1).endsWith("2.0"), lines::toString);
  }

  @Test
  void aStageIsToldWithItsTime() {
    assertEquals(
        "sft, iteration 1, for 59 s", lines(run(List.of(stage("sft", 0)), List.of()), 59).get(1));
    assertEquals(
        "sft, iteration 1, for 3 min 20 s",
        lines(run(List.of(stage("sft", 0)), List.of()), 200).get(1));
    assertEquals(
        "sft, iteration 1, for 2 h 1 min",
        lines(run(List.of(stage("sft", 0)), List.of()), 7261).get(1));
    assertEquals(
        "ended at 2026-01-02 03:01:30 UTC with sft, iteration 1",
        lines(run(List.of(stage("sft", 90.5)), List.of()), 200).get(1));
  }

  /** A stretch that was stopped stays open: only the newest counts. */
  @Test
  void aRunThatWentOnEndsWithItsNewestStretch() {
    assertFalse(run(List.of(), List.of()).hasEnded());
    assertFalse(run(List.of(stage("sft", 9), stage("grpo", 0)), List.of()).hasEnded());
    assertTrue(run(List.of(stage("sft", 0), stage("sft", 9)), List.of()).hasEnded());
  }

  @Test
  void theLastTenStepsAreShownAndTheCurveHasAll() {
    List<WatchedRun.Step> steps =
        IntStream.rangeClosed(1, 30).mapToObj(i -> step(i, i, null)).toList();
    List<String> lines = lines(run(List.of(), steps), 0);
    assertEquals(10, lines.stream().filter(line -> line.startsWith("sft ")).count());
    assertTrue(lines.get(3).matches("loss    \\S{30}  1.0000 to 30.0000"), lines.get(3));
    assertTrue(lines.stream().noneMatch(line -> line.startsWith("reward")), "no step has one");
  }

  @Test
  void numbersThatAreNoneAreSaidSoAndReasonsAreShort() {
    List<String> lines = lines(run(List.of(), List.of(step(1, Double.NaN, "x".repeat(100)))), 0);
    String line = lines.get(lines.size() - 1);
    assertTrue(line.contains("NaN"), line);
    assertTrue(line.endsWith("skipped: " + "x".repeat(28) + "..."), line);
  }

  @Test
  void whatATerminalWouldObeyIsASpace() {
    List<String> lines =
        lines(run(List.of(stage("sft\u001b[31m\n", 0)), List.of(step(1, 1, "a\tb\u0007"))), 0);
    assertTrue(lines.stream().noneMatch(line -> line.matches(".*\\p{Cc}.*")), lines::toString);
    assertTrue(lines.get(1).startsWith("sft [31m"), lines.get(1));
  }

  @Test
  void aTerminalIsDrawnOverInPlaceAndAFileIsNot() {
    StringWriter out = new StringWriter();
    new Screen(new PrintWriter(out), true).show(List.of("a", "b"));
    assertEquals("\u001b[Ha\u001b[K\nb\u001b[K\n\u001b[J", out.toString());
    StringWriter file = new StringWriter();
    new Screen(new PrintWriter(file), false).show(List.of("a", "b"));
    assertEquals("a\nb\n\n", file.toString());
  }
}

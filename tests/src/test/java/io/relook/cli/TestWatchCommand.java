package io.relook.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A run in its GRPO stage, 12 steps of SFT and 3 of GRPO behind it; and an older run. */
final class TestWatchCommand {
  private static final Instant BEGAN = Instant.parse("2026-01-02T03:00:00Z");

  @TempDir private static Path folder;

  private static Lakehouse lakehouse;

  private record Output(int code, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  @BeforeAll
  static void fill() {
    lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    lakehouse.merge(Table.RUNS, List.of(run("old", BEGAN.minusSeconds(60)), run("r", BEGAN)));
    lakehouse.merge(Table.STAGES, List.of(stage("r", "sft", 0, 60), stage("r", "grpo", 60, 0)));
    List<Row> steps = new ArrayList<>();
    for (int step = 1; step <= 12; step++) {
      steps.add(step("sft", step, null, null));
    }
    for (int step = 1; step <= 3; step++) {
      steps.add(step("grpo", step, 0.25 * step, step == 2 ? "loss is NaN" : null));
    }
    lakehouse.merge(Table.TRAINING_STEPS, steps);
    List<Row> versions = new ArrayList<>();
    versions.add(version("base", 0, 0));
    versions.add(version("grpo", 3, 90));
    lakehouse.merge(Table.CHECKPOINTS, versions);
    List<Row> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answers.add(answer("r/1/grpo/3", i, true));
      answers.add(answer("r/1/base/0", i, i == 0));
    }
    lakehouse.merge(Table.EVALUATIONS, answers);
  }

  @Test
  void oneBlockTellsStageStepsAndEvaluations() {
    Output output = watch("--once");
    assertEquals(0, output.code, output.err);
    List<String> lines = output.lines();
    assertTrue(lines.get(0).startsWith("run r, "), output.out);
    assertTrue(lines.get(1).startsWith("grpo, iteration 1, for "), output.out);
    assertTrue(lines.get(2).startsWith("newest version r/1/grpo/3, "), output.out);
    assertEquals("3 steps of grpo, iteration 1", lines.get(3));
    assertTrue(lines.get(4).matches("loss    \\S{3}  1.5000 to 3.5000"), lines.get(4));
    assertTrue(lines.get(5).matches("reward  \\S{3}  0.2500 to 0.7500"), lines.get(5));
    List<String[]> table =
        lines.subList(7, 18).stream().map(line -> line.trim().split(" +")).toList();
    assertEquals("stage", table.get(0)[0]);
    assertEquals(List.of("sft", "6", "6.5000", "-", "-"), List.of(table.get(1)).subList(0, 5));
    assertEquals(
        List.of(
            "grpo",
            "2",
            "2.5000",
            "0.5000",
            "3/4",
            "0.2000",
            "1.0e-05",
            "1.5000",
            "0.0100",
            "2.0e-06",
            "32",
            "2.0",
            "skipped:",
            "loss",
            "is",
            "NaN"),
        List.of(table.get(9)));
    assertEquals(
        List.of(
            "held-out, r/1/base/0: 1 of 4 right, 25.0 %, 95 % interval 4.6 to 69.9",
            "held-out, r/1/grpo/3: 4 of 4 right, 100.0 %, 95 % interval 51.0 to 100.0"),
        lines.subList(19, 21));
  }

  @Test
  void theLakehouseIsOnlyRead() throws IOException {
    Map<String, Long> before = contents();
    assertEquals(0, watch("--once").code);
    assertEquals(before, contents());
  }

  @Test
  void aRunOfWhichLittleIsKnownIsShown() {
    Output output = watch("--once", "--run", "old");
    assertEquals(0, output.code, output.err);
    assertTrue(output.lines().get(0).startsWith("run old, "), output.out);
    assertEquals("no stage has begun", output.lines().get(1));
  }

  @Test
  void noSuchRunAndNoLakehouseAreTold() {
    Output unknown = watch("--once", "--run", "nope");
    assertEquals(1, unknown.code);
    assertEquals(
        "relook: There is no run nope at %s; there is r, old.".formatted(folder),
        unknown.err.strip());
    Path nowhere = folder.resolve("nowhere");
    Output missing = watch("--once", "--lakehouse", nowhere.toString());
    assertEquals(1, missing.code);
    assertEquals(
        "relook: There is no run at %s: name the lakehouse of one with --lakehouse."
            .formatted(nowhere),
        missing.err.strip());
    assertFalse(Files.exists(nowhere));
    assertEquals(2, watch("--every", "0").code);
  }

  /** Without --once it looks until the run has ended, and sees what came in between. */
  @Test
  void itEndsWithTheRun() throws Exception {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("live").toString());
    lakehouse.merge(Table.RUNS, List.of(run("r", BEGAN)));
    lakehouse.merge(Table.STAGES, List.of(stage("r", "sft", 0, 0)));
    lakehouse.merge(Table.TRAINING_STEPS, List.of(step("sft", 1, null, null)));
    StringWriter out = new StringWriter();
    CompletableFuture<Integer> watching =
        CompletableFuture.supplyAsync(
            () ->
                Relook.commandLine()
                    .setOut(new PrintWriter(out))
                    .execute(
                        "watch", "--lakehouse", folder.resolve("live").toString(), "--every", "1"));
    while (!out.toString().contains("1 steps of sft") && !watching.isDone()) {
      Thread.sleep(20);
    }
    assertFalse(watching.isDone());
    lakehouse.merge(Table.TRAINING_STEPS, List.of(step("grpo", 1, 0.5, null)));
    lakehouse.replace(
        Table.STAGES, List.of(stage("r", "sft", 0, 60), stage("r", "grpo", 60, 30.5)));
    assertEquals(0, watching.get(1, TimeUnit.MINUTES));
    String last = out.toString().substring(out.toString().lastIndexOf("run r, "));
    assertEquals(
        "ended at 2026-01-02 03:01:30 UTC with grpo, iteration 1", last.lines().toList().get(1));
    assertTrue(last.contains("1 steps of grpo"), last);
    assertEquals(1, last.lines().filter(line -> line.startsWith("sft ")).count(), last);
    assertFalse(out.toString().contains("\u001b"), "this is no terminal");
  }

  private static Output watch(String... options) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine relook =
        Relook.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> arguments = new ArrayList<>(List.of("watch"));
    arguments.addAll(List.of(options));
    if (!arguments.contains("--lakehouse")) {
      arguments.addAll(List.of("--lakehouse", folder.toString()));
    }
    int code = relook.execute(arguments.toArray(String[]::new));
    return new Output(code, out.toString(), err.toString());
  }

  /** Every file with the time of its last change, but for the other test's. */
  private static Map<String, Long> contents() throws IOException {
    Map<String, Long> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(f -> !f.startsWith(folder.resolve("live"))).toList()) {
        contents.put(file.toString(), Files.getLastModifiedTime(file).toMillis());
      }
    }
    contents.remove(folder.toString());
    return contents;
  }

  private static Row run(String id, Instant began) {
    return Rows.RUN.toRow(new Rows.Run(id, "", began));
  }

  private static Row stage(String run, String stage, int after, double seconds) {
    return Rows.STAGE.toRow(new Rows.Stage(run, 1, stage, BEGAN.plusSeconds(after), seconds));
  }

  private static Row version(String stage, int step, int after) {
    return Rows.CHECKPOINT.toRow(
        new Rows.CheckpointRow(
            "r/1/%s/%d".formatted(stage, step),
            "r",
            1,
            stage,
            step,
            "uri",
            null,
            null,
            BEGAN.plusSeconds(after),
            null,
            null));
  }

  private static Row answer(String version, int query, boolean right) {
    return Rows.EVALUATION.toRow(
        new Rows.Evaluation(
            version + query, "r", version, "held-out", "q" + query, "t" + query, right, "a"));
  }

  private static Row step(String stage, int step, Double reward, String skipped) {
    boolean sft = stage.equals("sft");
    return Rows.TRAINING_STEP.toRow(
        new Rows.TrainingStep(
            "r",
            1,
            stage,
            step,
            step + 0.5,
            0.2,
            1e-4,
            2,
            64,
            reward,
            null,
            1.5,
            sft ? null : 0.01,
            null,
            sft ? null : 2e-6,
            sft ? null : 4,
            sft ? null : 3,
            null,
            List.of("t"),
            List.of(),
            Map.of(),
            "a",
            "b",
            2,
            skipped,
            null,
            null,
            sft ? null : Map.of("divergence_mean", 1e-5),
            null,
            null,
            null));
  }
}

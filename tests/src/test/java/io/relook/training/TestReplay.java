package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.TestSession;
import io.relook.jobs.RolloutJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.RunLock;
import io.relook.lakehouse.Table;
import io.relook.model.image.ImageProcessor;
import io.relook.model.spark.ModelPool;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.rewards.Rewards;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run of two SFT steps and three GRPO steps, replayed and cleaned up: in this order, as the last
 * takes away what the others need.
 */
@Tag("killed") // Two minutes of commits: with the tests that take minutes.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class TestReplay {
  private static final String PRESET =
      """
      model: embedded
      data: {scenesSeed: 1, trainQuestions: 1, testQuestions: 1, ingest: null}
      engine: {dtype: float32, threads: 1, slots: 8}
      rollout: {samples: 8, temperature: 1.0, maxNewTokens: 96, minPixels: 0, chunk: 8, partitions: 1}
      rewards: {format: 0, accuracy: 0, reflection: 0, custom: [{name: length, weight: 1, sql: 0.01 * tokens, version: '1'}]}
      reconstruct: {sources: 1, candidates: 1, directShare: 0.5, instruction: Look again.}
      sft: {epochs: 1, batch: 4, rate: 1.0e-4, warmupSteps: 0, maxGradientNorm: 1.0, weightDecay: 0.01, tokenBudget: 512, saveEvery: 2}
      grpo: {steps: 3, queries: 1, samples: 8, temperature: 1.0, rate: 1.0e-4, warmupSteps: 2, maxGradientNorm: 1.0, tokenBudget: 512, objective: {preset: trl, divergence: k3, beta: 0.04}}
      keep: {last: 1, every: 2, best: false}
      failureBudget: 0.05
      """;

  @TempDir private static Path folder;
  private static Lakehouse lakehouse;

  @BeforeAll
  static void train() {
    Path base = folder.resolve("base");
    EmbeddedModel.unpack(base, true);
    Preset preset = PresetReader.parse("test", PRESET);
    lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lake").toString());
    lakehouse.merge(
        Table.RUNS,
        List.of(Rows.RUN.toRow(new Rows.Run("run", PresetReader.yaml(preset), Instant.now()))));
    lakehouse.merge(
        Table.QUERIES,
        List.of(
            Rows.QUERY.toRow(
                new Rows.Query("q", "s", "train", "How many?", null, List.of(), null, null))));
    lakehouse.merge(
        Table.SFT_EXAMPLES,
        Stream.iterate(0, i -> i + 1).limit(8).map(TestReplay::example).toList());
    Policies policies = new Policies(lakehouse, "run", preset.train(), preset.keep());
    var program = ModelPool.program(Device.cpu(), 1);
    RowPrompts prompts = new RowPrompts(lakehouse, ImageProcessor.load(base));
    Rows.CheckpointRow coldStart =
        new SftTrainer(lakehouse, policies, program, prompts, preset.sft(), 1)
            .run("run", 1, policies.base(base.toString()), line -> {});
    new GrpoTrainer(
            lakehouse,
            policies,
            program,
            prompts,
            Rewards.of(TestSession.spark(), preset.rewards()),
            preset)
        .run("run", 1, coldStart, RolloutJob.questions(lakehouse.read(Table.QUERIES)), line -> {});
  }

  private static Row example(int i) {
    return Rows.SFT_EXAMPLE.toRow(
        new Rows.SftExample(
            "e" + i,
            "run",
            1,
            "q",
            "s" + i,
            "direct",
            List.of(10 + i, 20, 30),
            List.of(40, 41 + i % 2, 42),
            List.of()));
  }

  private static Replay.Result replay(String stage, int step) {
    return new Replay(lakehouse, new Replay.Config("run", 1, stage, step)).run();
  }

  private static Path folderOf(int step) {
    String uri =
        lakehouse
            .read(Table.CHECKPOINTS)
            .where("policy_version = 'run/1/grpo/%d'".formatted(step))
            .select("uri")
            .first()
            .getString(0);
    return Path.of(uri.replaceFirst("^file:", ""));
  }

  @Test
  @Order(1)
  void aStepIsTrainedAgainFromTheNearestWholeVersion() {
    Replay.Result last = replay("grpo", 3);
    assertEquals("run/1/grpo/2", last.from());
    assertEquals(1, last.steps().size());
    assertNotNull(last.sha256());
    assertTrue(last.steps().get(0).norm() > 0);
    assertTrue(last.isEqual(), last::toString);
    assertFalse(Files.exists(folderOf(1)), "step 1's weights are not kept");

    Replay.Result first = replay("grpo", 1);
    assertEquals("run/1/sft/2", first.from());
    assertNotNull(first.sha256(), "known after the weights are gone");
    assertTrue(first.isEqual(), first::toString);
  }

  @Test
  @Order(2)
  void anSftStepWithoutASavedVersionComparesItsLoss() {
    assertTrue(replay("sft", 2).isEqual());
    Replay.Result unsaved = replay("sft", 1);
    assertNull(unsaved.sha256());
    assertTrue(unsaved.isEqual(), unsaved::toString);
  }

  @Test
  @Order(3)
  void whatChangedSinceIsNotSeenAndWhatWasToldWronglyIs() {
    lakehouse
        .spark()
        .sql("UPDATE delta.`%s/rewards` SET total = 7".formatted(folder.resolve("lake")));
    assertTrue(replay("grpo", 3).isEqual());
    String steps = "delta.`%s/training_steps`".formatted(folder.resolve("lake"));
    long before = lakehouse.version(Table.TRAINING_STEPS);
    lakehouse.spark().sql("UPDATE %s SET loss = loss + 1e-9 WHERE step = 3".formatted(steps));
    assertFalse(replay("grpo", 3).isEqual());
    lakehouse.spark().sql("RESTORE %s TO VERSION AS OF %d".formatted(steps, before));
  }

  /** Scores are computed again by the answer of that time, none; by today's they are others. */
  @Test
  @Order(3)
  void anUpdatedAnswerIsNotThatOfAnOlderStep() {
    String place = folder.resolve("lake").toString();
    long before = lakehouse.version(Table.QUERIES);
    lakehouse.merge(
        Table.QUERIES,
        lakehouse
            .spark()
            .createDataFrame(
                List.of(
                    Rows.QUERY.toRow(
                        new Rows.Query(
                            "q", "s", "train", "How many?", "3", List.of(), null, null))),
                Table.QUERIES.schema()),
        "answer");
    assertEquals(before + 1, lakehouse.version(Table.QUERIES));
    assertTrue(replay("grpo", 3).isEqual());

    String steps = "delta.`%s/training_steps`".formatted(place);
    long told = lakehouse.version(Table.TRAINING_STEPS);
    lakehouse
        .spark()
        .sql(
            "UPDATE %s SET tables_read = map_concat(map_filter(tables_read, (t, v) -> t <> 'queries'), map('queries', %dL)) WHERE step = 3"
                .formatted(steps, before + 1));
    Replay.Result otherwise = replay("grpo", 3);
    assertTrue(otherwise.steps().get(0).rescored() > 0, otherwise::toString);
    assertFalse(otherwise.isEqual());
    lakehouse.spark().sql("RESTORE %s TO VERSION AS OF %d".formatted(steps, told));
  }

  @Test
  @Order(4)
  void aStepThatWasNeverMadeIsSaid() {
    RelookException error = assertThrows(RelookException.class, () -> replay("grpo", 4));
    assertTrue(error.getMessage().contains("no such step"), error.getMessage());
  }

  @Test
  @Order(5)
  void cleanUpLeavesWhatReplayNeeds() throws Exception {
    Path leftover = Files.createDirectories(folder.resolve("lake/policies/run/1-grpo-0005-dead"));
    Files.writeString(leftover.resolve("model.safetensors"), "half");
    CleanUp.Result result = new CleanUp(lakehouse, Duration.ZERO).run();
    assertFalse(Files.exists(leftover));
    assertEquals(1, result.done().size(), result.done()::toString);
    assertTrue(
        result.kept().stream().anyMatch(line -> line.contains("what run/1/grpo/3 came from")),
        result.kept()::toString);
    assertTrue(replay("grpo", 3).isEqual());
    assertTrue(replay("sft", 2).isEqual());
  }

  @Test
  @Order(6)
  void aRunThatHasADriverIsNotCleanedUp() {
    try (RunLock lock =
        Lakehouse.open(TestSession.spark(), lakehouse.folder("").replaceFirst("/$", ""))
            .lockRun("run", "test")) {
      CleanUp cleanUp = new CleanUp(lakehouse, Duration.ZERO);
      RelookException error = assertThrows(RelookException.class, cleanUp::run);
      assertTrue(error.getMessage().contains("has a driver already"), error.getMessage());
    }
  }

  @Test
  @Order(7)
  void aRunThatGivesUpReplayLosesItAndIsTold() {
    CleanUp.Result result =
        new CleanUp(lakehouse, Duration.ZERO, "keep.replay=false", "keep.every=0").run();
    assertEquals(List.of("weights of run/1/grpo/2"), result.done());
    assertEquals(List.of(), result.kept());
    assertFalse(Files.exists(folderOf(2)));
    RelookException error = assertThrows(RelookException.class, () -> replay("grpo", 3));
    assertTrue(error.getMessage().contains("can no longer be replayed"), error.getMessage());
  }
}

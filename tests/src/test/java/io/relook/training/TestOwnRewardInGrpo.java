package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.TestSession;
import io.relook.jobs.OwnRewards;
import io.relook.jobs.RolloutJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.image.ImageProcessor;
import io.relook.model.spark.ModelPool;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.rewards.Rewards;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GRPO on questions without a picture whose right answers nobody knows. */
final class TestOwnRewardInGrpo {
  @TempDir private Path folder;

  /** The steps that a preset's GRPO makes on questions. */
  private Lakehouse trained(Preset preset, String... questions) {
    return trained("lake", preset, questions);
  }

  private Lakehouse lakehouse(String name) {
    return Lakehouse.open(TestSession.spark(), folder.resolve(name).toString());
  }

  private Lakehouse trained(String name, Preset preset, String... questions) {
    Path base = folder.resolve("base");
    EmbeddedModel.unpack(base, true);
    Lakehouse lakehouse = lakehouse(name);
    lakehouse.merge(
        Table.QUERIES,
        IntStream.range(0, questions.length)
            .mapToObj(
                q ->
                    new Rows.Query(
                        "q" + q, "s", "train", questions[q], null, List.of(), null, null))
            .map(Rows.QUERY::toRow)
            .toList());
    Rewards rewards = Rewards.of(TestSession.spark(), preset.rewards());
    Policies policies = new Policies(lakehouse, "run", preset.train(), preset.keep());
    new GrpoTrainer(
            lakehouse,
            policies,
            ModelPool.program(Device.cpu(), 1),
            new RowPrompts(lakehouse, ImageProcessor.load(base)),
            rewards,
            preset)
        .run(
            "run",
            1,
            policies.base(base.toString()),
            RolloutJob.questions(lakehouse.read(Table.QUERIES)),
            line -> {});
    return lakehouse;
  }

  @Test
  void anObjectiveWithReferenceCorrectionAndTokenChoiceTrains() {
    Lakehouse lakehouse =
        trained(
            preset(
                "grpo.steps=2",
                "grpo.objective={preset: trl, divergence: k3, beta: 0.04, ratioWeighted: true, topEntropyShare: 0.5}"),
            "How many shapes?");
    List<Rows.TrainingStep> steps =
        lakehouse.read(Table.TRAINING_STEPS).orderBy("step").collectAsList().stream()
            .map(Rows.TRAINING_STEP::fromRow)
            .toList();
    assertEquals(2, steps.size());
    for (Rows.TrainingStep step : steps) {
      assertTrue(Double.isFinite(step.loss()));
      assertTrue(step.gradientNorm() > 0);
      // On policy: the trainer's own log-probabilities divide, and the sampler's are the same.
      assertEquals(1, step.ratioMax());
      assertEquals(0, step.clipFraction());
      assertTrue(step.samplerGap() < 1e-3, "gap " + step.samplerGap());
    }
  }

  /** In the first step the policy is its reference; in the second it has moved. */
  @Test
  void aDivergenceInTheRewardIsTakenFromItAndNotFromTheLoss() {
    Lakehouse lakehouse =
        trained(
            preset(
                "grpo.steps=2",
                "grpo.objective={preset: trl, divergence: k2, beta: 1000.0, divergenceIn: reward}"),
            "How many shapes?");
    List<Rows.TrainingStep> steps =
        lakehouse.read(Table.TRAINING_STEPS).orderBy("step").collectAsList().stream()
            .map(Rows.TRAINING_STEP::fromRow)
            .toList();
    assertEquals(0, steps.get(0).rewardParts().getOrDefault("divergence", 0.0), 1e-3);
    assertTrue(
        steps.get(1).rewardParts().get("divergence") < -1e-6, steps.get(1).rewardParts()::toString);
    steps.forEach(step -> assertEquals(0, step.lossParts().get("divergence")));
    // Compared were the rewards without what the divergence took.
    Rows.TrainingStep moved = steps.get(1);
    double[] totals =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where("step = 2")
            .join(lakehouse.read(Table.REWARDS), "trajectory_id")
            .orderBy("query_id", "sample")
            .collectAsList()
            .stream()
            .mapToDouble(row -> row.<Double>getAs("total"))
            .toArray();
    double[] untaken =
        new PolicyStep(preset().grpo().objective(), 96)
            .advantages(totals, new double[totals.length], new long[totals.length]);
    double most = 0;
    for (int i = 0; i < totals.length; i++) {
      most = Math.max(most, Math.abs(untaken[i] - moved.advantages().get(i)));
    }
    assertTrue(most > 1e-6, "advantages know of the divergence");
  }

  @Test
  void aStepIsTrainedOnTheUsersRewardAlone() {
    Preset preset = preset();
    Lakehouse lakehouse = trained(preset, "How many shapes?");
    Rewards rewards = Rewards.of(TestSession.spark(), preset.rewards());
    Rows.TrainingStep step = step(lakehouse);
    assertEquals(1, step.groupsUsed());
    List<Row> totals =
        lakehouse
            .read(Table.TRAJECTORIES)
            .join(lakehouse.read(Table.REWARDS), "trajectory_id")
            .where("version = '" + rewards.version() + "'")
            .selectExpr("trajectory_id", "total", "0.01 * size(completion_ids)", "accuracy")
            .collectAsList();
    assertEquals(8, totals.size());
    double mean = totals.stream().mapToDouble(r -> r.getDouble(1)).average().orElseThrow();
    for (Row row : totals) {
      assertEquals(row.getDecimal(2).doubleValue(), row.getDouble(1), 1e-9);
      assertTrue(row.isNullAt(3));
      int at = step.trainedIds().indexOf(row.getString(0));
      assertEquals(
          Math.signum(Math.round((row.getDouble(1) - mean) * 1e6)),
          Math.signum(Math.round(step.advantages().get(at) * 1e3)));
    }
  }

  /** All rewards of two questions are equal; a step wants one group. */
  @Test
  void aStepAsksFurtherQuestionsAndGoesOnWhereItStopped() {
    Preset preset =
        preset(
            "grpo.objective={preset: vre, resample: 5}",
            "rewards.custom=[{name: length, weight: 1, sql: \"if(question like '%circles%', 0.01 * tokens, 0)\", version: '1'}]");
    String[] questions = {"How many shapes?", "How many squares?", "How many circles?"};
    Lakehouse lakehouse = trained(preset, questions);
    Rows.TrainingStep whole = step(lakehouse);
    assertTrue(whole.groups() > 1, "the question about circles came first");
    assertEquals(1, whole.groupsUsed());
    assertEquals(
        List.of("all rewards are equal"),
        whole.groupsFiltered().stream().map(Rows.GroupFiltered::reason).distinct().toList());
    assertEquals(whole.groups() - 1, whole.groupsFiltered().size());
    String sha256 = sha256(lakehouse);

    // As if killed when the first question was sampled and scored.
    String later = "query_id <> '%s'".formatted(whole.groupsFiltered().get(0).queryId());
    String ids =
        lakehouse.read(Table.TRAJECTORIES).where(later).collectAsList().stream()
            .map(row -> "'" + row.getAs("trajectory_id") + "'")
            .collect(Collectors.joining(", "));
    delete(Table.REWARDS, "trajectory_id IN (" + ids + ")");
    delete(Table.TRAJECTORIES, later);
    delete(Table.TRAINING_STEPS, "step = 1");
    delete(Table.CHECKPOINTS, "stage = 'grpo'");
    Rows.TrainingStep resumed = step(trained(preset, questions));
    assertEquals(whole.groupsFiltered(), resumed.groupsFiltered());
    assertEquals(whole.trainedIds(), resumed.trainedIds());
    assertEquals(whole.loss(), resumed.loss());
    assertEquals(sha256, sha256(lakehouse));
  }

  /** All rewards are equal, so no group is left. */
  @Test
  void aSpreadStepWithoutAGroupIsSkippedAsAnUnspreadOneIs() {
    String equal = "rewards.custom=[{name: length, weight: 1, sql: \"0 * tokens\", version: '1'}]";
    trained(preset(equal), "How many shapes?");
    Lakehouse spread = trained("spread", preset(equal, "train.shards=2"), "How many shapes?");
    Rows.TrainingStep step = step(spread);
    assertEquals("no rows", step.skipped());
    assertEquals(0, step.groupsUsed());
    assertEquals(content(lakehouse("lake")), content(spread));
    assertEquals(sha256(lakehouse("lake")), sha256(spread));
  }

  private static Rows.TrainingStep step(Lakehouse lakehouse) {
    return Rows.TRAINING_STEP.fromRow(lakehouse.read(Table.TRAINING_STEPS).first());
  }

  private static List<String> content(Lakehouse lakehouse) {
    return lakehouse
        .read(Table.TRAINING_STEPS)
        .drop("seconds", "seconds_by_part", "tables_read")
        .toJSON()
        .collectAsList();
  }

  private static String sha256(Lakehouse lakehouse) {
    Row version = lakehouse.read(Table.CHECKPOINTS).where("stage = 'grpo'").first();
    return Rows.CHECKPOINT.fromRow(version).weightsSha256();
  }

  private void delete(Table table, String condition) {
    Path files = folder.resolve("lake").resolve(table.tableName());
    TestSession.spark().sql("DELETE FROM delta.`%s` WHERE %s".formatted(files, condition));
  }

  private static Preset preset(String... overrides) {
    return PresetReader.parse(
        "test",
        """
        model: embedded
        data: {scenesSeed: 1, trainQuestions: 1, testQuestions: 1, ingest: null}
        engine: {dtype: float32, threads: 1, slots: 8}
        rollout: {samples: 8, temperature: 1.0, maxNewTokens: 96, minPixels: 0, chunk: 8, partitions: 1}
        rewards:
          format: 0
          accuracy: 0
          reflection: 0
          custom:
            - {name: length, weight: 1, sql: 0.01 * tokens, version: '1'}
            - {name: brevity, weight: 0, class: %s}
        reconstruct: {sources: 1, candidates: 1, directShare: 0.5, instruction: Look again.}
        sft: {epochs: 1, batch: 1, rate: 1.0e-4, warmupSteps: 0, maxGradientNorm: 1.0, weightDecay: 0.0, tokenBudget: 512, saveEvery: 1}
        grpo: {steps: 1, queries: 1, samples: 8, temperature: 1.0, rate: 1.0e-4, warmupSteps: 0, maxGradientNorm: 1.0, tokenBudget: 512}
        failureBudget: 0.05
        """
            .formatted(OwnRewards.Brevity.class.getName()),
        overrides);
  }
}

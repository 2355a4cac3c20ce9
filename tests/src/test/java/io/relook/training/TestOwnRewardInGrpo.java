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
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One GRPO step on a question without a picture whose right answer nobody knows. */
final class TestOwnRewardInGrpo {
  @TempDir private Path folder;

  /** The steps that a preset's GRPO makes on one question. */
  private Lakehouse trained(Preset preset) {
    Path base = folder.resolve("base");
    EmbeddedModel.unpack(base, true);
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lake").toString());
    Rows.Query query =
        new Rows.Query("q", "s", "train", "How many shapes?", null, List.of(), null, null);
    lakehouse.merge(Table.QUERIES, List.of(Rows.QUERY.toRow(query)));
    Rewards rewards = Rewards.of(TestSession.spark(), preset.rewards());
    Policies policies = new Policies(lakehouse, "run", preset.train(), preset.keep());
    new GrpoTrainer(
            lakehouse,
            policies,
            ModelPool.program(Device.cpu(), 1),
            new RowPrompts(lakehouse, ImageProcessor.load(base), 0),
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
                "grpo.objective={preset: trl, divergence: k3, beta: 0.04, ratioWeighted: true, topEntropyShare: 0.5}"));
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
                "grpo.objective={preset: trl, divergence: k2, beta: 1000.0, divergenceIn: reward}"));
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
    Lakehouse lakehouse = trained(preset);
    Rewards rewards = Rewards.of(TestSession.spark(), preset.rewards());
    Rows.TrainingStep step =
        Rows.TRAINING_STEP.fromRow(lakehouse.read(Table.TRAINING_STEPS).first());
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

package io.relook.training;

import io.relook.model.spark.EngineSettings;
import io.relook.rewards.CustomReward;
import java.util.List;

/**
 * A recipe: every value of a run. The files under {@code conf/presets} say where each comes from.
 */
public record Preset(
    String model,
    Data data,
    EngineSettings engine,
    Rollout rollout,
    RewardWeights rewards,
    Reconstruct reconstruct,
    Sft sft,
    Grpo grpo,
    double failureBudget) {

  /** Generated scenes, or a folder's files where {@code ingest} is given. */
  public record Data(long scenesSeed, int trainQuestions, int testQuestions, Ingest ingest) {}

  /** Files below the data folder; field names, or places in rows that are arrays. */
  public record Ingest(
      String trainFile,
      String testFile,
      String trainPictures,
      String testPictures,
      String question,
      String answer,
      String picture) {}

  /** Sampling for difficulty, reconstruction and rejection; minPixels 0 is the checkpoint's. */
  public record Rollout(
      int samples,
      double temperature,
      int maxNewTokens,
      long minPixels,
      int chunk,
      int partitions) {}

  /** Weights of the three rewards in the total, and the user's own rewards; none where left out. */
  public record RewardWeights(
      double format, double accuracy, double reflection, List<CustomReward.Setting> custom) {
    public RewardWeights {
      custom = custom == null ? List.of() : List.copyOf(custom);
    }
  }

  /**
   * Pre-reasonings a question, reflections a pre-reasoning, share of direct traces, what is asked.
   */
  public record Reconstruct(int sources, int candidates, double directShare, String instruction) {}

  /** Supervised fine-tuning; tokenBudget: padded tokens a pass; saveEvery: steps a checkpoint. */
  public record Sft(
      int epochs,
      int batch,
      double rate,
      int warmupSteps,
      double maxGradientNorm,
      double weightDecay,
      int tokenBudget,
      int saveEvery) {}

  /** GRPO with TRL's `grpo` loss; queries a step, samples a query. */
  public record Grpo(
      int steps,
      int queries,
      int samples,
      double temperature,
      double rate,
      int warmupSteps,
      double clipLow,
      double clipHigh,
      double maxGradientNorm,
      int tokenBudget) {}
}

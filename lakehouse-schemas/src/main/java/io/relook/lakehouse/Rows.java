package io.relook.lakehouse;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** One record and one codec a table; the columns are explained in the tables' own files. */
public final class Rows {
  private Rows() {}

  public static final RecordCodec<Query> QUERY = new RecordCodec<>(Table.QUERIES, Query.class);
  public static final RecordCodec<Image> IMAGE = new RecordCodec<>(Table.IMAGES, Image.class);
  public static final RecordCodec<Reject> REJECT = new RecordCodec<>(Table.REJECTS, Reject.class);
  public static final RecordCodec<Ingest> INGEST = new RecordCodec<>(Table.INGESTS, Ingest.class);
  public static final RecordCodec<Trajectory> TRAJECTORY =
      new RecordCodec<>(Table.TRAJECTORIES, Trajectory.class);
  public static final RecordCodec<Reward> REWARD = new RecordCodec<>(Table.REWARDS, Reward.class);
  public static final RecordCodec<Difficulty> DIFFICULTY =
      new RecordCodec<>(Table.DIFFICULTY, Difficulty.class);
  public static final RecordCodec<Reflection> REFLECTION =
      new RecordCodec<>(Table.REFLECTIONS, Reflection.class);
  public static final RecordCodec<SftExample> SFT_EXAMPLE =
      new RecordCodec<>(Table.SFT_EXAMPLES, SftExample.class);
  public static final RecordCodec<TrainingStep> TRAINING_STEP =
      new RecordCodec<>(Table.TRAINING_STEPS, TrainingStep.class);
  public static final RecordCodec<CheckpointRow> CHECKPOINT =
      new RecordCodec<>(Table.CHECKPOINTS, CheckpointRow.class);
  public static final RecordCodec<Evaluation> EVALUATION =
      new RecordCodec<>(Table.EVALUATIONS, Evaluation.class);
  public static final RecordCodec<Attention> ATTENTION =
      new RecordCodec<>(Table.ATTENTION, Attention.class);
  public static final RecordCodec<Judgement> JUDGEMENT =
      new RecordCodec<>(Table.JUDGEMENTS, Judgement.class);
  public static final RecordCodec<Run> RUN = new RecordCodec<>(Table.RUNS, Run.class);
  public static final RecordCodec<Stage> STAGE = new RecordCodec<>(Table.STAGES, Stage.class);

  public record Query(
      String queryId,
      String source,
      String split,
      String question,
      String answer,
      List<String> imageIds,
      String template,
      Integer difficulty) {}

  public record Image(String imageId, byte[] bytes, int width, int height) {}

  public record Reject(String rejectId, String source, String place, String reason) {}

  public record Ingest(
      String source,
      String tableId,
      String mapping,
      long version,
      long taken,
      long refused,
      Instant committedAt) {}

  public record Trajectory(
      String trajectoryId,
      String runId,
      int iteration,
      String phase,
      int step,
      String queryId,
      int sample,
      String policyVersion,
      String parentId,
      List<Integer> promptIds,
      List<Integer> completionIds,
      List<Float> logProbs,
      String text,
      String finish,
      String error,
      double temperature,
      int maxNewTokens,
      List<String> imageIds,
      String fingerprint) {}

  public record Reward(
      String trajectoryId,
      String version,
      Double format,
      Double accuracy,
      Double reflection,
      Double total,
      String answer,
      String reason,
      Map<String, CustomReward> custom) {}

  /** A user's own reward of a trajectory; the value is null where the reason says why. */
  public record CustomReward(String version, Double value, String reason) {}

  public record Difficulty(
      String runId,
      int iteration,
      String queryId,
      String policyVersion,
      int samples,
      int correct,
      double passRate,
      double low,
      double high,
      String class_,
      boolean kept) {}

  public record Reflection(
      String reflectionId,
      String runId,
      int iteration,
      String queryId,
      String parentId,
      String kind,
      String preReasoning,
      boolean preCorrect,
      boolean correct,
      boolean kept,
      String reason,
      Map<String, String> filters,
      Double answerGain,
      Double visualGain) {}

  public record SftExample(
      String exampleId,
      String runId,
      int iteration,
      String queryId,
      String sourceId,
      String kind,
      List<Integer> promptIds,
      List<Integer> completionIds,
      List<String> imageIds) {}

  public record TrainingStep(
      String runId,
      int iteration,
      String stage,
      int step,
      double loss,
      double gradientNorm,
      double learningRate,
      int rows,
      long tokens,
      Double rewardMean,
      Double rewardStd,
      Double entropy,
      Double clipFraction,
      Double ratioMax,
      Double samplerGap,
      Integer groups,
      Integer groupsUsed,
      List<GroupFiltered> groupsFiltered,
      List<String> trainedIds,
      List<Double> advantages,
      Map<String, Long> tablesRead,
      String policyIn,
      String policyOut,
      double seconds,
      String skipped,
      Map<String, Double> lossParts,
      Map<String, Double> rewardParts,
      Map<String, Double> metrics,
      Map<String, Double> secondsByPart,
      List<Double> samplerGaps,
      String rewardVersion) {}

  /** A sampled group that a GRPO step left out. */
  public record GroupFiltered(String queryId, String reason) {}

  public record CheckpointRow(
      String policyVersion,
      String runId,
      int iteration,
      String stage,
      int step,
      String uri,
      String optimizerUri,
      String parent,
      Instant committedAt,
      String weightsSha256,
      Instant removedAt) {}

  public record Evaluation(
      String evaluationId,
      String runId,
      String policyVersion,
      String benchmark,
      String queryId,
      String trajectoryId,
      boolean correct,
      String answer) {}

  public record Attention(String trajectoryId, int layer, int head, List<Float> shares) {}

  public record Judgement(
      String judgementId,
      String judge,
      String promptVersion,
      String verdict,
      Double score,
      String error) {}

  public record Run(String runId, String preset, Instant startedAt) {}

  public record Stage(
      String runId, int iteration, String stage, Instant startedAt, double seconds) {}
}

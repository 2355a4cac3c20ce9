package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.jobs.EvaluateJob;
import io.relook.jobs.PartitionJob;
import io.relook.jobs.ReconstructJob;
import io.relook.jobs.RolloutJob;
import io.relook.jobs.ScoreJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import io.relook.rewards.Rewards;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * One iteration of VRE (arXiv 2603.26348), top to bottom: each line a stage, each stage a table in
 * and a table out. Every stage goes on from what is committed, so the same command resumes a run.
 *
 * <pre>
 * queries      → ROLL OUT    → trajectories    K samples each, base policy
 * trajectories → SCORE       → rewards         format, accuracy, reflection
 * rewards      → PARTITION   → difficulty      0 < pass rate ≤ 1 is kept
 * difficulty   → RECONSTRUCT → reflections, sft_examples
 * sft_examples → SFT         → training_steps, checkpoints: the cold-start policy
 * queries      → REJECT      → trajectories    cold-start policy: some right is RL data, none right is hard
 * RL data      → GRPO        → trajectories, rewards, training_steps, checkpoints
 * </pre>
 */
final class IterationLoop {
  static final String BENCHMARK = "held-out";

  private final Lakehouse lakehouse;
  private final String runId;
  private final Preset preset;
  private final Rewards rewards;
  private final Policies policies;
  private final Progress progress;

  IterationLoop(Lakehouse lakehouse, String runId, Preset preset, Progress progress) {
    this.lakehouse = lakehouse;
    this.runId = runId;
    this.preset = preset;
    this.progress = progress;
    this.rewards = Rewards.of(lakehouse.spark(), preset.rewards());
    this.policies = new Policies(lakehouse, runId, preset.train(), preset.keep());
  }

  /** Runs iteration 1 from the base policy; returns the policy that it ends with. */
  Rows.CheckpointRow run(Rows.CheckpointRow base, Path baseFolder, TorchProgram program) {
    Dataset<Row> train = lakehouse.read(Table.QUERIES).where("split = 'train'");
    List<RolloutJob.Ask> questions = RolloutJob.questions(train);
    ScoreJob score = new ScoreJob(lakehouse, rewards, preset.failureBudget());
    try (TextProcessor text = TextProcessor.load(baseFolder)) {
      RowPrompts prompts =
          new RowPrompts(lakehouse, ImageProcessor.load(baseFolder), preset.rollout().minPixels());

      progress.stage(1, "roll out", rows(questions));
      new RolloutJob(lakehouse, preset.engine(), rollout(1, Phase.DIFFICULTY, base))
          .run(questions, progress::rows);
      progress.stage(1, "score", 0);
      score.run(runId);
      progress.stage(1, "partition", 0);
      new PartitionJob(lakehouse, rewards.version()).run(runId, 1);
      requireUnstable();

      progress.stage(1, "reconstruct", 0);
      new ReconstructJob(
              lakehouse,
              preset.engine(),
              rollout(1, Phase.RECONSTRUCTION, base),
              rewards,
              text,
              new ReconstructJob.Config(
                  preset.reconstruct().sources(),
                  preset.reconstruct().candidates(),
                  preset.reconstruct().directShare(),
                  preset.reconstruct().instruction()))
          .run(progress::rows);

      progress.stage(1, "sft", 0);
      Rows.CheckpointRow coldStart =
          new SftTrainer(
                  lakehouse, policies, program, prompts, preset.sft(), preset.engine().threads())
              .run(runId, 1, base, progress::line);
      evaluate(coldStart);

      progress.stage(1, "rejection sampling", rows(questions));
      new RolloutJob(lakehouse, preset.engine(), rollout(1, Phase.REJECTION, coldStart))
          .run(questions, progress::rows);
      score.run(runId);

      progress.stage(1, "grpo", 0);
      return new GrpoTrainer(lakehouse, policies, program, prompts, rewards, preset)
          .run(runId, 1, coldStart, RolloutJob.questions(rlData(train)), progress::line);
    }
  }

  /** Greedy answers to the held-out questions. */
  EvaluateJob.Result evaluate(Rows.CheckpointRow policy) {
    List<RolloutJob.Ask> held =
        RolloutJob.questions(lakehouse.read(Table.QUERIES).where("split = 'test'"));
    progress.stage(policy.iteration(), "evaluate " + policy.stage(), held.size());
    RolloutJob.Config greedy = rollout(policy.iteration(), Phase.EVALUATION, policy);
    return new EvaluateJob(lakehouse, preset.engine(), greedy, rewards)
        .run(BENCHMARK, held, progress::rows);
  }

  Policies policies() {
    return policies;
  }

  /** Questions that the cold-start policy answers sometimes but not always (our choice). */
  private Dataset<Row> rlData(Dataset<Row> train) {
    Dataset<Row> rates =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where(
                col("run_id")
                    .equalTo(runId)
                    .and(col("iteration").equalTo(1))
                    .and(col("phase").equalTo(Phase.REJECTION.word())))
            .join(
                lakehouse.read(Table.REWARDS).where(col("version").equalTo(rewards.version())),
                "trajectory_id")
            .groupBy("query_id")
            .agg(org.apache.spark.sql.functions.avg("accuracy").as("rate"))
            .where("rate > 0 and rate < 1");
    return train.join(
        rates.select("query_id"),
        scala.jdk.javaapi.CollectionConverters.asScala(List.of("query_id")).toSeq(),
        "left_semi");
  }

  private void requireUnstable() {
    long unstable =
        lakehouse
            .read(Table.DIFFICULTY)
            .where(col("run_id").equalTo(runId).and(col("class").equalTo("unstable")))
            .count();
    if (unstable == 0) {
      throw new RelookException(
          RelookException.Category.DATA,
          "No question is unstable: the base policy answers each always or never, so there is nothing to learn from comparing its samples. Use other questions, more samples or a higher temperature.");
    }
  }

  private long rows(List<RolloutJob.Ask> questions) {
    return (long) questions.size() * preset.rollout().samples();
  }

  private RolloutJob.Config rollout(int iteration, Phase phase, Rows.CheckpointRow policy) {
    return RolloutJob.Config.of(preset, runId, iteration, phase, policy);
  }
}

package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.jobs.DifficultyRollout;
import io.relook.jobs.EvaluateJob;
import io.relook.jobs.HardPromptsJob;
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
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * VRE's iterations (arXiv 2603.26348, figure 1), top to bottom: each line a stage, each stage a
 * table in and a table out. Every stage goes on from what is committed, so the same command resumes
 * a run.
 *
 * <pre>
 * queries      → ROLL OUT    → trajectories    K samples each, base policy
 * trajectories → SCORE       → rewards         format, accuracy, reflection
 * rewards      → PARTITION   → difficulty      0 < pass rate ≤ 1 is kept
 * difficulty   → RECONSTRUCT → reflections, sft_examples
 *   for each iteration:
 * sft_examples → SFT         → training_steps, checkpoints: the cold-start policy
 * queries      → REJECT      → trajectories    cold-start policy: some right is RL data, none right is hard
 * RL data      → GRPO        → trajectories, rewards, training_steps, checkpoints: the RL policy
 * hard         → HARD        → trajectories, sft_examples of the next iteration, by the RL policy
 * </pre>
 *
 * The next iteration fine-tunes the RL policy on what it solved of the hard prompts and goes on
 * with GRPO: the figure's arrow from SFT-Iter(i+1) ends at the RL model (our reading).
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

  /** Runs the iterations from the base policy; returns the policy that the last ends with. */
  Rows.CheckpointRow run(Rows.CheckpointRow base, Path baseFolder, TorchProgram program) {
    RowPrompts prompts =
        new RowPrompts(
            lakehouse, RowPrompts.images(ImageProcessor.load(baseFolder), preset.rollout()));
    String rated = difficulty(base);
    Rows.CheckpointRow policy = base;
    for (int i = 1; i <= preset.iterations(); i++) {
      Rows.CheckpointRow coldStart = policy;
      if (preset.sft().tunes()) {
        if (i == 1) {
          reconstruct(base, baseFolder, rated);
        }
        coldStart = fineTune(i, policy, program, prompts);
      }
      policy = coldStart;
      if (preset.grpo().reinforces()) {
        List<RolloutJob.Ask> rlData = rlData(i, coldStart, rated);
        if (i > 1 && rlData.isEmpty()) {
          progress.line(
              "no question is answered sometimes right and sometimes wrong: the run ends");
          return coldStart;
        }
        policy = reinforce(i, coldStart, rlData, program, prompts);
      }
      if (i < preset.iterations()) {
        evaluate(policy);
        solveHardPrompts(i, policy);
      }
    }
    return policy;
  }

  /** The base policy's pass rates; returns the run that has them. */
  private String difficulty(Rows.CheckpointRow base) {
    String from = preset.difficulty().from();
    if (from != null) {
      new RatedRun(lakehouse, from).require(preset);
      return from;
    }
    List<RolloutJob.Ask> questions = RolloutJob.questions(train());
    progress.stage(1, "roll out", rows(questions));
    int first = preset.rollout().firstSamples();
    RolloutJob.Config difficulty = rollout(1, Phase.DIFFICULTY, base);
    new DifficultyRollout(lakehouse, preset.engine(), difficulty, rewards, first)
        .run(questions, progress::rows, progress::line);
    progress.stage(1, "score", 0);
    score();
    new ScoreJob(lakehouse, rewards, preset.failureBudget())
        .noneRight(runId)
        .ifPresent(warning -> progress.line("warning: " + warning));
    progress.stage(1, "partition", 0);
    new PartitionJob(lakehouse, rewards.version()).run(runId, 1);
    requireUnstable();
    return runId;
  }

  /** The first iteration's examples: the base policy's own traces, with a second look. */
  private void reconstruct(Rows.CheckpointRow base, Path baseFolder, String rated) {
    progress.stage(1, "reconstruct", 0);
    try (TextProcessor text = TextProcessor.load(baseFolder)) {
      new ReconstructJob(
              lakehouse,
              preset.engine(),
              rollout(1, Phase.RECONSTRUCTION, base),
              rewards,
              text,
              preset,
              rated)
          .run(progress::rows);
    }
  }

  private Rows.CheckpointRow fineTune(
      int iteration, Rows.CheckpointRow from, TorchProgram program, RowPrompts prompts) {
    progress.stage(iteration, "sft", 0);
    int threads = preset.engine().threads();
    Rows.CheckpointRow coldStart =
        new SftTrainer(lakehouse, policies, program, prompts, preset.sft(), threads)
            .run(runId, iteration, from, progress::line);
    evaluate(coldStart);
    return coldStart;
  }

  private void rejectionSampling(int iteration, Rows.CheckpointRow coldStart) {
    List<RolloutJob.Ask> questions = RolloutJob.questions(train());
    progress.stage(iteration, "rejection sampling", rows(questions));
    new RolloutJob(lakehouse, preset.engine(), rollout(iteration, Phase.REJECTION, coldStart))
        .run(questions, progress::rows);
    score();
  }

  private Rows.CheckpointRow reinforce(
      int iteration,
      Rows.CheckpointRow coldStart,
      List<RolloutJob.Ask> rlData,
      TorchProgram program,
      RowPrompts prompts) {
    progress.stage(iteration, "grpo", 0);
    return new GrpoTrainer(lakehouse, policies, program, prompts, rewards, preset)
        .run(runId, iteration, coldStart, rlData, progress::line);
  }

  private void solveHardPrompts(int iteration, Rows.CheckpointRow policy) {
    progress.stage(iteration, "hard prompts", 0);
    HardPromptsJob.Result solved =
        new HardPromptsJob(
                lakehouse,
                preset.engine(),
                rollout(iteration, Phase.HARD, policy),
                rewards,
                preset.reconstruct().sources())
            .run(progress::rows);
    progress.line(
        "%d of %d hard questions solved, %d examples"
            .formatted(solved.solved(), solved.hard(), solved.examples()));
  }

  private Dataset<Row> train() {
    return lakehouse.read(Table.QUERIES).where("split = 'train'");
  }

  private void score() {
    new ScoreJob(lakehouse, rewards, preset.failureBudget()).run(runId);
  }

  /** Greedy answers to the held-out questions, if the preset wants them. */
  void evaluate(Rows.CheckpointRow policy) {
    if (!preset.evaluate().asks()) {
      return;
    }
    List<RolloutJob.Ask> held =
        RolloutJob.questions(
            lakehouse.read(Table.QUERIES).where(col("split").equalTo(preset.evaluate().split())));
    progress.stage(policy.iteration(), "evaluate " + policy.stage(), held.size());
    RolloutJob.Config greedy = rollout(policy.iteration(), Phase.EVALUATION, policy);
    new EvaluateJob(lakehouse, preset.engine(), greedy, rewards)
        .run(BENCHMARK, held, progress::rows);
  }

  Policies policies() {
    return policies;
  }

  /** What GRPO asks, in the preset's order. */
  private List<RolloutJob.Ask> rlData(int iteration, Rows.CheckpointRow coldStart, String rated) {
    if (preset.samplesColdStart(iteration)) {
      rejectionSampling(iteration, coldStart);
    }
    if (!preset.difficulty().rlUnstable()) {
      return RolloutJob.questions(train());
    }
    Dataset<Row> rates =
        preset.sft().tunes()
            ? rates(runId, iteration, Phase.REJECTION)
            : rates(rated, 1, Phase.DIFFICULTY);
    Map<String, Double> unstable = new HashMap<>();
    rates
        .where("rate > 0 and rate < 1")
        .collectAsList()
        .forEach(row -> unstable.put(row.getString(0), row.getDouble(1)));
    List<RolloutJob.Ask> asks =
        RolloutJob.questions(train()).stream()
            .filter(ask -> unstable.containsKey(ask.queryId()))
            .toList();
    Comparator<RolloutJob.Ask> hardFirst = Comparator.comparing(ask -> unstable.get(ask.queryId()));
    return switch (preset.difficulty().order()) {
      case SHUFFLED -> asks;
      case HARD_FIRST -> asks.stream().sorted(hardFirst).toList();
      case EASY_FIRST -> asks.stream().sorted(hardFirst.reversed()).toList();
    };
  }

  /** Shares of right answers by question. */
  private Dataset<Row> rates(String run, int iteration, Phase phase) {
    return lakehouse
        .read(Table.TRAJECTORIES)
        .where(
            col("run_id")
                .equalTo(run)
                .and(col("iteration").equalTo(iteration))
                .and(col("phase").equalTo(phase.word())))
        .join(
            lakehouse.read(Table.REWARDS).where(col("version").equalTo(rewards.version())),
            "trajectory_id")
        .groupBy("query_id")
        .agg(org.apache.spark.sql.functions.avg("accuracy").as("rate"));
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

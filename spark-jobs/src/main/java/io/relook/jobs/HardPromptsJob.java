package io.relook.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.max;

import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.spark.EngineSettings;
import io.relook.preset.Preset;
import io.relook.rewards.Rewards;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Hard prompts → {@code trajectories} → {@code sft_examples} of the next iteration (SFT-Iter(i+1),
 * arXiv 2603.26348, figure 1): what the cold-start policy never answered right in rejection
 * sampling (our choice of "hard") is asked of the RL policy; its right answers in the template are
 * learnt as they are, the first few of a question (our choice: as many as pre-reasonings in the
 * reconstruction).
 */
public final class HardPromptsJob {
  /** Hard questions, those that the RL policy solves, and examples made of them. */
  public record Result(long hard, long solved, long examples) {}

  private final Lakehouse lakehouse;
  private final EngineSettings engine;
  private final RolloutJob.Config rollout;
  private final Rewards rewards;
  private final int perQuestion;

  /** {@code rollout} is of the phase hard and of the RL policy. */
  public HardPromptsJob(
      Lakehouse lakehouse,
      EngineSettings engine,
      RolloutJob.Config rollout,
      Rewards rewards,
      int perQuestion) {
    this.lakehouse = lakehouse;
    this.engine = engine;
    this.rollout = rollout;
    this.rewards = rewards;
    this.perQuestion = perQuestion;
  }

  public Result run(LongConsumer progress) {
    List<RolloutJob.Ask> hard = RolloutJob.questions(hard());
    new RolloutJob(lakehouse, engine, rollout).run(hard, progress);
    new ScoreJob(lakehouse, rewards, rollout.failureBudget()).run(rollout.runId());
    Map<String, Integer> taken = new HashMap<>();
    List<Row> examples = new ArrayList<>();
    for (Row row :
        scored(Phase.HARD)
            .where("format = 1 AND accuracy = 1 AND finish = 'stop'")
            .orderBy("query_id", "sample")
            .collectAsList()) {
      Rows.Trajectory right = Rows.TRAJECTORY.fromRow(row);
      if (taken.merge(right.queryId(), 1, Integer::sum) <= perQuestion) {
        examples.add(Rows.SFT_EXAMPLE.toRow(example(right)));
      }
    }
    lakehouse.merge(Table.SFT_EXAMPLES, examples);
    return new Result(hard.size(), taken.size(), examples.size());
  }

  /** Questions that the cold-start policy answered, and never right. */
  private Dataset<Row> hard() {
    Dataset<Row> never =
        scored(Phase.REJECTION)
            .groupBy("query_id")
            .agg(max("accuracy").as("best"))
            .where("best = 0")
            .select("query_id");
    return lakehouse.read(Table.QUERIES).join(never, "query_id");
  }

  private Dataset<Row> scored(Phase phase) {
    return lakehouse
        .read(Table.TRAJECTORIES)
        .where(
            col("run_id")
                .equalTo(rollout.runId())
                .and(col("iteration").equalTo(rollout.iteration()))
                .and(col("phase").equalTo(phase.word())))
        .join(
            lakehouse
                .read(Table.REWARDS)
                .where(col("version").equalTo(rewards.version()))
                .select("trajectory_id", "format", "accuracy"),
            "trajectory_id");
  }

  private Rows.SftExample example(Rows.Trajectory right) {
    int next = rollout.iteration() + 1;
    return new Rows.SftExample(
        Keys.of(rollout.runId(), next, right.trajectoryId()),
        rollout.runId(),
        next,
        right.queryId(),
        right.trajectoryId(),
        "direct",
        right.promptIds(),
        right.completionIds(),
        right.imageIds());
  }

  /** Asks a run's RL policy the hard prompts of an iteration. */
  public static void main(String[] args) {
    JobMain.run("hard prompts", USAGE, args, HardPromptsJob::main);
  }

  static final String USAGE = "--lakehouse --run --preset [--policy] [--iteration 1]";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    Preset preset = arguments.preset();
    RolloutJob.Config rollout =
        RolloutJob.Config.of(
            preset,
            arguments.run(),
            arguments.iteration(),
            Phase.HARD,
            arguments.policy(lakehouse));
    Result result =
        new HardPromptsJob(
                lakehouse,
                preset.engine(),
                rollout,
                arguments.rewards(lakehouse),
                preset.reconstruct().sources())
            .run(rows -> {});
    return "%d hard questions, %d solved, %d examples"
        .formatted(result.hard(), result.solved(), result.examples());
  }
}

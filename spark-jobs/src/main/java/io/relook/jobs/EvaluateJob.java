package io.relook.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.spark.EngineSettings;
import io.relook.rewards.Rewards;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;

/** A policy's greedy answers to held-out questions → {@code evaluations}. */
public final class EvaluateJob {
  /** Right answers of all, with the 95 % interval. */
  public record Result(long correct, long questions, Wilson interval) {}

  private final Lakehouse lakehouse;
  private final EngineSettings engine;
  private final RolloutJob.Config rollout;
  private final Rewards rewards;

  /** {@code rollout} is of the phase evaluation, one greedy sample a question. */
  public EvaluateJob(
      Lakehouse lakehouse, EngineSettings engine, RolloutJob.Config rollout, Rewards rewards) {
    this.lakehouse = lakehouse;
    this.engine = engine;
    this.rollout = rollout;
    this.rewards = rewards;
  }

  /** An answer that cannot be scored counts as wrong: the model gave none that could be read. */
  public Result run(String benchmark, List<RolloutJob.Ask> asks, LongConsumer progress) {
    new RolloutJob(lakehouse, engine, rollout).run(asks, progress);
    new ScoreJob(lakehouse, rewards, rollout.failureBudget()).run(rollout.runId());
    Set<String> asked = asks.stream().map(RolloutJob.Ask::queryId).collect(Collectors.toSet());
    List<Row> rows = new ArrayList<>();
    lakehouse
        .read(Table.TRAJECTORIES)
        .where(
            col("run_id")
                .equalTo(rollout.runId())
                .and(col("iteration").equalTo(rollout.iteration()))
                .and(col("step").equalTo(rollout.step()))
                .and(col("phase").equalTo(Phase.EVALUATION.word())))
        .join(
            lakehouse.read(Table.REWARDS).where(col("version").equalTo(rewards.version())),
            "trajectory_id")
        .select(
            col("trajectory_id"), col("query_id"), col("accuracy").equalTo(lit(1.0)), col("answer"))
        .collectAsList()
        .stream()
        .filter(row -> asked.contains(row.getString(1)))
        .forEach(
            row ->
                rows.add(
                    Rows.EVALUATION.toRow(
                        new Rows.Evaluation(
                            Keys.of(
                                rollout.runId(),
                                rollout.policyVersion(),
                                benchmark,
                                row.getString(1)),
                            rollout.runId(),
                            rollout.policyVersion(),
                            benchmark,
                            row.getString(1),
                            row.getString(0),
                            !row.isNullAt(2) && row.getBoolean(2),
                            row.getString(3)))));
    lakehouse.merge(Table.EVALUATIONS, rows);
    return result(lakehouse, rollout.runId(), rollout.policyVersion(), benchmark);
  }

  /** What the table says of a policy. */
  public static Result result(
      Lakehouse lakehouse, String runId, String policyVersion, String benchmark) {
    var rows =
        lakehouse
            .read(Table.EVALUATIONS)
            .where(
                col("run_id")
                    .equalTo(runId)
                    .and(col("policy_version").equalTo(policyVersion))
                    .and(col("benchmark").equalTo(benchmark)));
    long questions = rows.count();
    long correct = rows.where(col("correct")).count();
    return new Result(correct, questions, Wilson.of(correct, questions));
  }

  /** Evaluates a policy on a split's questions. */
  public static void main(String[] args) {
    JobMain.run("evaluate", USAGE, args, EvaluateJob::main);
  }

  static final String USAGE =
      "--lakehouse --run --preset [--policy] [--benchmark held-out] [--split test]";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    Rows.CheckpointRow policy = arguments.policy(lakehouse);
    RolloutJob.Config greedy =
        RolloutJob.Config.of(
            arguments.preset(), arguments.run(), policy.iteration(), Phase.EVALUATION, policy);
    Result result =
        new EvaluateJob(
                lakehouse, arguments.preset().engine(), greedy, arguments.rewards(lakehouse))
            .run(
                arguments.option("benchmark"),
                RolloutJob.questions(arguments.split(lakehouse)),
                rows -> {});
    return "%d of %d right, 95 %% interval %.3f to %.3f"
        .formatted(
            result.correct(),
            result.questions(),
            result.interval().low(),
            result.interval().high());
  }
}

package io.relook.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Table;
import io.relook.model.spark.EngineSettings;
import io.relook.rewards.Rewards;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Samples for difficulty in two parts (our choice): the first few of each question are scored, and
 * the others follow only where those are all right or all wrong. A question with a right and a
 * wrong sample is unstable, whatever follows, so each question's class is that of all samples; the
 * pass rate of such a question is of its first few. Only they decide, so that a resumed run decides
 * the same.
 */
public final class DifficultyRollout {
  private final Lakehouse lakehouse;
  private final EngineSettings engine;
  private final RolloutJob.Config rollout;
  private final Rewards rewards;
  private final int first;

  /**
   * @param rollout of the phase difficulty, with all samples
   * @param first so many come first; 0: all at once
   */
  public DifficultyRollout(
      Lakehouse lakehouse,
      EngineSettings engine,
      RolloutJob.Config rollout,
      Rewards rewards,
      int first) {
    this.lakehouse = lakehouse;
    this.engine = engine;
    this.rollout = rollout;
    this.rewards = rewards;
    this.first = first;
  }

  /** {@code told} hears what was saved, where samples come in two parts. */
  public RolloutJob.Result run(
      List<RolloutJob.Ask> asks, LongConsumer progress, Consumer<String> told) {
    RolloutJob job = new RolloutJob(lakehouse, engine, rollout);
    if (first == 0) {
      return job.run(asks, progress);
    }
    RolloutJob.Result begun = job.run(asks, ask -> first, progress);
    new ScoreJob(lakehouse, rewards, rollout.failureBudget()).run(rollout.runId());
    Set<String> unstable = unstable();
    long before = begun.rows() - begun.before();
    RolloutJob.Result whole =
        job.run(
            asks,
            ask -> unstable.contains(ask.queryId()) ? first : rollout.samples(),
            rows -> progress.accept(before + rows));
    long all = (long) asks.size() * rollout.samples();
    long saved = all - whole.rows();
    told.accept("%d of %d samples not needed: %.1f %%".formatted(saved, all, 100.0 * saved / all));
    return new RolloutJob.Result(whole.rows(), begun.before(), whole.failed());
  }

  /** Questions whose first samples are right and wrong. */
  private Set<String> unstable() {
    Set<String> unstable = new HashSet<>();
    lakehouse
        .read(Table.TRAJECTORIES)
        .where(
            col("run_id")
                .equalTo(rollout.runId())
                .and(col("iteration").equalTo(rollout.iteration()))
                .and(col("phase").equalTo(rollout.phase().word()))
                .and(col("sample").lt(first)))
        .join(
            lakehouse.read(Table.REWARDS).where(col("version").equalTo(rewards.version())),
            "trajectory_id")
        .groupBy("query_id")
        .agg(min("accuracy").as("least"), max("accuracy").as("most"))
        .where("least = 0 AND most = 1")
        .select("query_id")
        .collectAsList()
        .forEach(row -> unstable.add(row.getString(0)));
    return unstable;
  }
}

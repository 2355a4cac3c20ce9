package io.relook.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.sum;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;

/** Scored samples of the phase difficulty → {@code difficulty}: the pass rate of each question. */
public final class PartitionJob {
  private final Lakehouse lakehouse;
  private final String rewardVersion;

  public PartitionJob(Lakehouse lakehouse, String rewardVersion) {
    this.lakehouse = lakehouse;
    this.rewardVersion = rewardVersion;
  }

  /** Unscored samples do not count; questions without a scored sample have no row. */
  public void run(String runId, int iteration) {
    lakehouse.spark().sparkContext().setJobGroup("partition", "partition " + runId, false);
    List<Row> rows = new ArrayList<>();
    lakehouse
        .read(Table.TRAJECTORIES)
        .where(
            col("run_id")
                .equalTo(runId)
                .and(col("iteration").equalTo(iteration))
                .and(col("phase").equalTo(Phase.DIFFICULTY.word())))
        .join(
            lakehouse.read(Table.REWARDS).where(col("version").equalTo(rewardVersion)),
            "trajectory_id")
        .where(col("accuracy").isNotNull())
        .groupBy("query_id")
        .agg(
            max("policy_version").as("policy"),
            count("accuracy").as("samples"),
            sum("accuracy").as("correct"))
        .orderBy("query_id")
        .collectAsList()
        .forEach(row -> rows.add(row(runId, iteration, row)));
    lakehouse.merge(Table.DIFFICULTY, rows);
  }

  private static Row row(String runId, int iteration, Row counts) {
    int samples = (int) counts.getLong(2);
    int correct = (int) counts.getDouble(3);
    Wilson interval = Wilson.of(correct, samples);
    String stable = correct == 0 ? "stable-wrong" : "stable-correct";
    return Rows.DIFFICULTY.toRow(
        new Rows.Difficulty(
            runId,
            iteration,
            counts.getString(0),
            counts.getString(1),
            samples,
            correct,
            (double) correct / samples,
            interval.low(),
            interval.high(),
            correct > 0 && correct < samples ? "unstable" : stable,
            correct > 0));
  }

  /** Partitions the questions of a run's iteration. */
  public static void main(String[] args) {
    JobMain.run("partition", USAGE, args, PartitionJob::main);
  }

  static final String USAGE = "--lakehouse --run --preset [--iteration 1]";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    new PartitionJob(lakehouse, arguments.rewards(lakehouse).version())
        .run(arguments.run(), arguments.iteration());
    return "difficulty of %s, iteration %d".formatted(arguments.run(), arguments.iteration());
  }
}

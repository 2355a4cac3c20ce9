package io.relook.jobs;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.rewards.Rewards;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * {@code trajectories} of a run that one version of the rewards has not scored → {@code rewards}.
 */
public final class ScoreJob {
  private final Lakehouse lakehouse;
  private final Rewards rewards;

  public ScoreJob(Lakehouse lakehouse, Rewards rewards) {
    this.lakehouse = lakehouse;
    this.rewards = rewards;
  }

  /** Scores what is missing of a run. Continued trajectories are scored with what they continue. */
  public void run(String runId) {
    lakehouse.spark().sparkContext().setJobGroup("score", "score " + runId, false);
    Dataset<Row> scored =
        lakehouse.read(Table.REWARDS).where(col("version").equalTo(rewards.version()));
    Dataset<Row> open =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where(col("run_id").equalTo(runId))
            .where(col("parent_id").isNull())
            .join(
                scored.select("trajectory_id"),
                scala.jdk.javaapi.CollectionConverters.asScala(java.util.List.of("trajectory_id"))
                    .toSeq(),
                "left_anti")
            .join(lakehouse.read(Table.QUERIES).select("query_id", "answer"), "query_id")
            .select("trajectory_id", "text", "answer", "error");
    Rewards functions = rewards;
    Dataset<Row> rows =
        open.map(
            (MapFunction<Row, Row>) row -> score(functions, row),
            Encoders.row(Table.REWARDS.schema()));
    lakehouse.merge(Table.REWARDS, rows);
  }

  private static Row score(Rewards rewards, Row row) {
    Rewards.Scores scores = rewards.score(row.getString(1), row.getString(2), row.getString(3));
    return Rows.REWARD.toRow(
        new Rows.Reward(
            row.getString(0),
            rewards.version(),
            scores.format(),
            scores.accuracy(),
            scores.reflection(),
            scores.total(),
            scores.answer(),
            scores.reason()));
  }

  /** Scores a run with the preset's rewards. */
  public static void main(String[] args) {
    JobMain.run("score", USAGE, args, ScoreJob::main);
  }

  static final String USAGE = "--lakehouse --run --preset";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    Rewards rewards = arguments.rewards();
    new ScoreJob(lakehouse, rewards).run(arguments.run());
    return "rewards %s of %s".formatted(rewards.version(), arguments.run());
  }
}

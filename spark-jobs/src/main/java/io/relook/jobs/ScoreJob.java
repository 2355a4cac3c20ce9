package io.relook.jobs;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.count_if;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.map;
import static org.apache.spark.sql.functions.map_concat;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.when;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Table;
import io.relook.rewards.CustomReward;
import io.relook.rewards.Rewards;
import io.relook.rewards.SqlReward;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import scala.jdk.javaapi.CollectionConverters;

/**
 * {@code trajectories} of a run that one version of the rewards has not scored → {@code rewards}.
 * The total is the weighted sum of the parts; where a part that has weight is NULL, so is the total
 * (our choice): left out of the sum it would count as 0.
 */
public final class ScoreJob {
  private static final int LONGEST_SHOWN = 60;

  private final Lakehouse lakehouse;
  private final Rewards rewards;
  private final double failureBudget;

  /** {@code failureBudget}: share of rows in which a user's reward may fail. */
  public ScoreJob(Lakehouse lakehouse, Rewards rewards, double failureBudget) {
    this.lakehouse = lakehouse;
    this.rewards = rewards;
    this.failureBudget = failureBudget;
  }

  /** Scores what is missing of a run. Continued trajectories are scored with what they continue. */
  public void run(String runId) {
    lakehouse.spark().sparkContext().setJobGroup("score", "score " + runId, false);
    Dataset<Row> open = open(runId);
    Dataset<Row> rows =
        open.mapPartitions(
                new ScoreTask(rewards),
                Encoders.row(open.schema().add("scored", Table.REWARDS.schema())))
            .select(
                col("*"),
                col("scored.version"),
                col("scored.format"),
                col("scored.accuracy"),
                col("scored.reflection"),
                col("scored.answer"),
                col("scored.reason"),
                col("scored.custom"))
            .drop("scored");
    for (CustomReward reward : rewards.custom()) {
      if (reward instanceof SqlReward) {
        Column value = map(lit(reward.name()), ((SqlReward) reward).value());
        rows = rows.withColumn("custom", map_concat(col("custom"), value));
      }
    }
    lakehouse.append(
        Table.REWARDS,
        rows.withColumn("total", total())
            .withColumn("reason", reason())
            .selectExpr(Table.REWARDS.schema().fieldNames()));
    if (!rewards.custom().isEmpty()) {
      checkBudget(runId);
    }
  }

  /** Unscored completions beside their questions: no more columns than the rewards look at. */
  private Dataset<Row> open(String runId) {
    Dataset<Row> scored =
        lakehouse.read(Table.REWARDS).where(col("version").equalTo(rewards.version()));
    Dataset<Row> all =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where(col("run_id").equalTo(runId))
            .where(col("parent_id").isNull())
            .withColumn("tokens", size(col("completion_ids")))
            .join(
                scored.select("trajectory_id"),
                CollectionConverters.asScala(List.of("trajectory_id")).toSeq(),
                "left_anti")
            .join(
                lakehouse
                    .read(Table.QUERIES)
                    .withColumnRenamed("answer", "truth")
                    .drop("image_ids"),
                "query_id");
    return rewards.custom().stream().anyMatch(SqlReward.class::isInstance)
        ? all
        : all.select(
            "trajectory_id",
            "query_id",
            "question",
            "truth",
            "template",
            "text",
            "finish",
            "error",
            "tokens");
  }

  /** NULL parts make it NULL. */
  private Column total() {
    Column total = lit(0.0);
    total = plus(total, rewards.formatWeight(), col("format"));
    total = plus(total, rewards.accuracyWeight(), col("accuracy"));
    total = plus(total, rewards.reflectionWeight(), col("reflection"));
    for (CustomReward reward : rewards.custom()) {
      total = plus(total, reward.weight(), custom(reward).getField("value"));
    }
    return when(col("error").isNull(), total);
  }

  private static Column plus(Column total, double weight, Column part) {
    return weight == 0 ? total : total.plus(part.multiply(weight));
  }

  /** Why the first part that is NULL is. */
  private Column reason() {
    Column reason = col("reason");
    for (CustomReward reward : rewards.custom()) {
      Column why = concat(lit(reward.name() + ": "), custom(reward).getField("reason"));
      reason = coalesce(reason, why);
    }
    return reason;
  }

  private static Column custom(CustomReward reward) {
    return col("custom").getItem(reward.name());
  }

  private void checkBudget(String runId) {
    Dataset<Row> reasons =
        lakehouse
            .read(Table.REWARDS)
            .where(col("version").equalTo(rewards.version()))
            .join(
                lakehouse.read(Table.TRAJECTORIES).where(col("run_id").equalTo(runId)),
                "trajectory_id")
            .select(
                expr("filter(map_entries(custom), c -> startswith(c.value.reason, '%s'))"
                        .formatted(CustomReward.FAILED))
                    .as("failed"));
    Dataset<Row> failures = reasons.where(size(col("failed")).gt(0));
    long failed = failures.count();
    if (failed > 0) {
      long all = reasons.count();
      if (failed > failureBudget * all) {
        Row example = failures.selectExpr("failed[0].key", "failed[0].value.reason").first();
        throw JobErrors.rewards(
            failed, all, failureBudget, example.getString(0) + ", " + example.getString(1));
      }
    }
  }

  /**
   * What to check where not one sample of a run is right, in a line; empty where one is, or the
   * right answer of none is known. A run that begins so most often has its right answers in a form
   * that the verifier does not read, or a policy that does not write the tags.
   */
  public Optional<String> noneRight(String runId) {
    Dataset<Row> scored =
        lakehouse
            .read(Table.REWARDS)
            .where(col("version").equalTo(rewards.version()).and(col("accuracy").isNotNull()))
            .join(
                lakehouse
                    .read(Table.TRAJECTORIES)
                    .where(col("run_id").equalTo(runId))
                    .select("trajectory_id", "query_id"),
                "trajectory_id");
    Row counts =
        scored.agg(count(lit(1)), count_if(col("accuracy").gt(0)), count("answer")).first();
    long samples = counts.getLong(0);
    if (samples == 0 || counts.getLong(1) > 0) {
      return Optional.empty();
    }
    String none = "not one of %d samples is right".formatted(samples);
    if (counts.getLong(2) == 0) {
      return Optional.of(
          none
              + ", and none has one pair of <answer> tags: check that the prompt asks for them and"
              + " that rollout.maxNewTokens lets the policy come to them");
    }
    Row example =
        scored
            .where(col("answer").isNotNull())
            .join(lakehouse.read(Table.QUERIES).withColumnRenamed("answer", "truth"), "query_id")
            .orderBy("trajectory_id")
            .select("answer", "truth")
            .first();
    return Optional.of(
        "%s; one answers \"%s\" where \"%s\" is right: check queries.answer and docs/answers.md"
            .formatted(none, shown(example.getString(0)), shown(example.getString(1))));
  }

  private static String shown(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() > LONGEST_SHOWN ? line.substring(0, LONGEST_SHOWN) + " ..." : line;
  }

  /** Scores a run with the preset's rewards. */
  public static void main(String[] args) {
    JobMain.run("score", USAGE, args, ScoreJob::main);
  }

  static final String USAGE = "--lakehouse --run --preset";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    Rewards rewards = arguments.rewards(lakehouse);
    ScoreJob job = new ScoreJob(lakehouse, rewards, arguments.preset().failureBudget());
    job.run(arguments.run());
    String warning = job.noneRight(arguments.run()).map(w -> "; warning: " + w).orElse("");
    return "rewards %s of %s%s".formatted(rewards.version(), arguments.run(), warning);
  }
}

package io.relook.study;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.sum;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.rewards.Verifier;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What the tables say of a study's runs. */
final class StudyTables {
  private final Lakehouse lakehouse;

  StudyTables(Lakehouse lakehouse) {
    this.lakehouse = lakehouse;
  }

  /** Whether a run answered all questions of a test set. */
  boolean hasAnswered(String run, TestSet set) {
    return evaluations(run, set).count() == set.questions().size();
  }

  /** 1 where a run's answer is right, by question. */
  Map<String, Double> right(String run, TestSet set) {
    Map<String, Double> right = new TreeMap<>();
    evaluations(run, set)
        .select("query_id", "correct")
        .collectAsList()
        .forEach(row -> right.put(row.getString(0), row.getBoolean(1) ? 1.0 : 0.0));
    return right;
  }

  /** The policy that answered a test set. */
  String policy(String run, TestSet set) {
    return evaluations(run, set).select("policy_version").first().getString(0);
  }

  private Dataset<Row> evaluations(String run, TestSet set) {
    return lakehouse
        .read(Table.EVALUATIONS)
        .where(col("run_id").equalTo(run).and(col("benchmark").equalTo(set.name())));
  }

  /**
   * What a run sampled and trained.
   *
   * @param sampledTokens of completions, for all but evaluations
   */
  record Budget(long sampledTokens, long updates) {}

  /** Of a run; the rates that it began with are another's, which count too. */
  Budget budget(String run, String rated) {
    Row sampled =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where(
                col("run_id")
                    .equalTo(run)
                    .and(col("phase").isin("reconstruction", "rejection", "rl", "hard"))
                    .or(col("run_id").equalTo(rated).and(col("phase").equalTo("difficulty"))))
            .agg(coalesce(sum(size(col("completion_ids"))), lit(0L)))
            .first();
    long updates = lakehouse.read(Table.TRAINING_STEPS).where(col("run_id").equalTo(run)).count();
    return new Budget(sampled.getLong(0), updates);
  }

  /**
   * Traces of a test set, and what the probes make of those that look again.
   *
   * @param flows how answers before and after the reflection go, such as {@code wrong→right}
   * @param silent traces that give no answer before, though asked for it
   * @param swapped right traces whose reflection met another picture
   * @param noticed of these, those that then said that picture's answer
   * @param kept of these, those that kept the answer of the first
   */
  record Looks(
      long traces,
      long looking,
      double tokens,
      Map<String, Long> flows,
      long silent,
      long swapped,
      long noticed,
      long kept) {
    /** Those of another seed too. */
    Looks plus(Looks other) {
      Map<String, Long> sums = new TreeMap<>(flows);
      other.flows.forEach((flow, count) -> sums.merge(flow, count, Long::sum));
      long all = traces + other.traces;
      return new Looks(
          all,
          looking + other.looking,
          (traces * tokens + other.traces * other.tokens) / Math.max(1, all),
          sums,
          silent + other.silent,
          swapped + other.swapped,
          noticed + other.noticed,
          kept + other.kept);
    }
  }

  Looks looks(String run, TestSet set) {
    Map<String, Rows.Query> questions = new HashMap<>();
    set.questions().forEach(q -> questions.put(q.queryId(), q));
    Map<String, Boolean> rightAfter = new HashMap<>();
    long looking = 0;
    long tokens = 0;
    List<Row> answered =
        evaluations(run, set)
            .join(
                lakehouse
                    .read(Table.TRAJECTORIES)
                    .select("trajectory_id", "text", "completion_ids"),
                "trajectory_id")
            .select(
                col("trajectory_id"),
                col("correct"),
                col("text").contains("<reflection>"),
                size(col("completion_ids")))
            .collectAsList();
    for (Row row : answered) {
      rightAfter.put(row.getString(0), row.getBoolean(1));
      looking += row.getBoolean(2) ? 1 : 0;
      tokens += row.getInt(3);
    }
    Map<String, Long> flows = new TreeMap<>();
    for (String flow : List.of("right→right", "wrong→right", "right→wrong", "wrong→wrong")) {
      flows.put(flow, 0L);
    }
    long silent = 0;
    for (Row row : probes(run, Phase.BEFORE)) {
      if (!rightAfter.containsKey(row.getString(0))) {
        continue;
      }
      String said = row.getString(2).strip();
      if (said.startsWith("<")) {
        silent++; // It opens a tag instead, most often its reflection.
      } else {
        String answer = questions.get(row.getString(1)).answer();
        boolean before = says("<answer>" + said, answer);
        boolean after = rightAfter.get(row.getString(0));
        flows.merge(word(before) + "→" + word(after), 1L, Long::sum);
      }
    }
    Map<String, Rows.Query> others = Probes.others(set);
    long swapped = 0;
    long noticed = 0;
    long kept = 0;
    for (Row row : probes(run, Phase.SWAP)) {
      if (rightAfter.getOrDefault(row.getString(0), false)) {
        swapped++;
        noticed += says(row.getString(2), others.get(row.getString(1)).answer()) ? 1 : 0;
        kept += says(row.getString(2), questions.get(row.getString(1)).answer()) ? 1 : 0;
      }
    }
    double mean = answered.isEmpty() ? 0 : (double) tokens / answered.size();
    return new Looks(answered.size(), looking, mean, flows, silent, swapped, noticed, kept);
  }

  private List<Row> probes(String run, Phase phase) {
    return lakehouse
        .read(Table.TRAJECTORIES)
        .where(col("run_id").equalTo(run).and(col("phase").equalTo(phase.word())))
        .select("parent_id", "query_id", "text")
        .collectAsList();
  }

  private static String word(boolean right) {
    return right ? "right" : "wrong";
  }

  private static boolean says(String text, String answer) {
    return Verifier.answer(text).map(said -> Verifier.isRight(said, answer)).orElse(false);
  }
}

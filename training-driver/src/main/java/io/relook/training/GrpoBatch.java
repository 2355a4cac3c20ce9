package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.objective.Masked;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a GRPO step trains on: {@code trajectories} and {@code rewards} → samples with advantages. A
 * group whose rewards are all equal teaches nothing and is left out; the statistics know it.
 *
 * @param samples in the order of their queries and numbers
 * @param groups that were sampled
 * @param used groups whose rewards differ
 * @param mean of the rollout's total rewards
 * @param deviation of the same
 * @param parts mean of each reward over the samples that have it
 */
record GrpoBatch(
    List<Sample> samples,
    int groups,
    int used,
    List<Rows.GroupFiltered> filtered,
    double mean,
    double deviation,
    Map<String, Double> parts) {
  /** Rewards closer than this are equal. */
  private static final double SAME_REWARD = 1e-12;

  /** A sample with what it earned. */
  record Sample(Rows.Trajectory trajectory, double total, double advantage) {
    boolean isTruncated() {
      return trajectory.finish().equals("length");
    }
  }

  /** What samples lose, one figure each. */
  interface Penalty {
    double[] of(List<Rows.Trajectory> samples);
  }

  /** Which rows a step read, of which version of the rewards. */
  record Place(String runId, int iteration, int step, String rewardVersion) {}

  /**
   * Of what was asked for alone: a run that was stopped may have sampled more for the step.
   *
   * @param queries that were asked for
   * @param penalty what each sample loses of its reward before rewards are compared
   */
  static GrpoBatch read(
      Dataset<Row> trajectories,
      Dataset<Row> rewards,
      Place place,
      Set<String> queries,
      PolicyStep objective,
      Penalty penalty) {
    Map<String, List<Row>> groups = new TreeMap<>();
    for (Row row :
        trajectories
            .where(
                col("run_id")
                    .equalTo(place.runId)
                    .and(col("iteration").equalTo(place.iteration))
                    .and(col("phase").equalTo(Phase.RL.word()))
                    .and(col("step").equalTo(place.step)))
            .join(
                rewards
                    .where(col("version").equalTo(place.rewardVersion))
                    .select("trajectory_id", "total", "format", "accuracy", "reflection"),
                "trajectory_id")
            .orderBy("query_id", "sample")
            .collectAsList()) {
      if (queries.contains(row.<String>getAs("query_id"))) {
        groups.computeIfAbsent(row.getAs("query_id"), q -> new ArrayList<>()).add(row);
      }
    }
    return of(groups, objective, penalty);
  }

  private static GrpoBatch of(
      Map<String, List<Row>> groups, PolicyStep objective, Penalty penalty) {
    List<Row> sampled = groups.values().stream().flatMap(List::stream).toList();
    double[] penalties =
        penalty.of(sampled.stream().map(Rows.TRAJECTORY::fromRow).toList());
    double[] totals = new double[sampled.size()];
    double[] shaped = new double[totals.length];
    double[] lengths = new double[totals.length];
    long[] group = new long[totals.length];
    for (int i = 0; i < totals.length; i++) {
      Double total = sampled.get(i).getAs("total");
      totals[i] = total == null ? Double.NaN : total;
      lengths[i] = sampled.get(i).getList(sampled.get(i).fieldIndex("completion_ids")).size();
      shaped[i] = objective.shaped(totals[i], (long) lengths[i]) - penalties[i];
      boolean next =
          i > 0 && !sampled.get(i).getAs("query_id").equals(sampled.get(i - 1).getAs("query_id"));
      group[i] = i == 0 ? 0 : group[i - 1] + (next ? 1 : 0);
    }
    double[] advantages = objective.advantages(shaped, lengths, group);
    List<Sample> samples = new ArrayList<>();
    List<Rows.GroupFiltered> filtered = new ArrayList<>();
    int used = 0;
    int at = 0;
    for (List<Row> members : groups.values()) {
      Masked.Spread own = Masked.spread(Arrays.copyOfRange(totals, at, at + members.size()));
      boolean differs = own.most() - own.least() > SAME_REWARD;
      used += differs ? 1 : 0;
      if (!differs) {
        filtered.add(
            new Rows.GroupFiltered(
                members.get(0).getAs("query_id"),
                own.count() == 0 ? "no rewards" : "all rewards are equal"));
      }
      for (Row row : members) {
        if (differs && !Double.isNaN(totals[at])) {
          samples.add(new Sample(Rows.TRAJECTORY.fromRow(row), totals[at], advantages[at]));
        }
        at++;
      }
    }
    double[] all = Arrays.stream(totals).filter(t -> !Double.isNaN(t)).toArray();
    double mean = Arrays.stream(all).average().orElse(0);
    double square = Arrays.stream(all).map(r -> (r - mean) * (r - mean)).average().orElse(0);
    return new GrpoBatch(
        samples, groups.size(), used, filtered, mean, Math.sqrt(square), means(sampled, penalties));
  }

  private static Map<String, Double> means(List<Row> sampled, double[] penalties) {
    Map<String, Double> means = new TreeMap<>();
    for (String part : List.of("format", "accuracy", "reflection")) {
      sampled.stream()
          .map(row -> row.<Double>getAs(part))
          .filter(Objects::nonNull)
          .mapToDouble(Double::doubleValue)
          .average()
          .ifPresent(mean -> means.put(part, mean));
    }
    if (Arrays.stream(penalties).anyMatch(p -> p != 0)) {
      means.put("divergence", -Arrays.stream(penalties).average().orElse(0));
    }
    return means;
  }

  List<String> trajectoryIds() {
    return samples.stream().map(s -> s.trajectory.trajectoryId()).toList();
  }

  List<Double> advantages() {
    return samples.stream().map(Sample::advantage).toList();
  }

  /** Of the samples trained on. */
  double truncatedShare() {
    return samples.isEmpty()
        ? 0
        : (double) samples.stream().filter(Sample::isTruncated).count() / samples.size();
  }
}

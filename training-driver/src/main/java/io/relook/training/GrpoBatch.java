package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.objective.Masked;
import io.relook.preset.ObjectiveValues;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a GRPO step trains on: {@code trajectories} and {@code rewards} → samples with advantages.
 * Groups are left out whole before anything is compared.
 *
 * @param samples in the order of their queries and numbers
 * @param groups that were sampled
 * @param used groups that are trained on
 * @param mean of the rollout's total rewards
 * @param deviation of the same
 * @param parts each reward over the samples that have it
 * @param agreeing share of the groups whose rewards are all equal, of those that have any
 */
record GrpoBatch(
    List<Sample> samples,
    int groups,
    int used,
    List<Rows.GroupFiltered> filtered,
    double mean,
    double deviation,
    Map<String, Masked.Spread> parts,
    double agreeing) {
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
   * Groups that a step takes: a run that was stopped may have sampled more for it.
   *
   * @param queries that were asked for, in order
   * @param most the first so many that are not filtered
   */
  record Wanted(List<String> queries, int most) {}

  /**
   * @param penalty what each sample loses of its reward before rewards are compared
   */
  static GrpoBatch read(
      Dataset<Row> trajectories,
      Dataset<Row> rewards,
      Place place,
      Wanted wanted,
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
                    .and(col("step").equalTo(place.step))
                    .and(col("query_id").isInCollection(wanted.queries)))
            .join(
                rewards
                    .where(col("version").equalTo(place.rewardVersion))
                    .select("trajectory_id", "total", "format", "accuracy", "reflection", "custom"),
                "trajectory_id")
            .orderBy("query_id", "sample")
            .collectAsList()) {
      groups.computeIfAbsent(row.getAs("query_id"), q -> new ArrayList<>()).add(row);
    }
    Map<String, List<Row>> kept = new TreeMap<>();
    List<Rows.GroupFiltered> filtered = new ArrayList<>();
    for (String query : wanted.queries) {
      if (groups.containsKey(query)) {
        Optional<String> reason =
            kept.size() < wanted.most
                ? reasonAgainst(groups.get(query), objective.filterGroups())
                : Optional.of("the step has its groups");
        reason.ifPresentOrElse(
            why -> filtered.add(new Rows.GroupFiltered(query, why)),
            () -> kept.put(query, groups.get(query)));
      }
    }
    return of(groups.values(), kept.values(), filtered, objective, penalty);
  }

  private static Optional<String> reasonAgainst(
      List<Row> group, ObjectiveValues.FilterGroups filter) {
    Masked.Spread rewards = Masked.spread(column(group, "total"));
    if (rewards.count() == 0) {
      return Optional.of("no rewards");
    }
    Masked.Spread right = Masked.spread(column(group, "accuracy"));
    return switch (filter) {
      case NONE -> Optional.empty();
      case REWARD -> isOne(rewards) ? Optional.of("all rewards are equal") : Optional.empty();
      case ACCURACY ->
          right.count() == 0
              ? Optional.of("no right answer is known")
              : right.most() > right.least()
                  ? Optional.empty()
                  : Optional.of("all answers are " + (right.most() > 0 ? "right" : "wrong"));
    };
  }

  /** NaN is NULL. */
  private static double[] column(Collection<Row> rows, String name) {
    return rows.stream()
        .map(row -> row.<Double>getAs(name))
        .mapToDouble(value -> value == null ? Double.NaN : value)
        .toArray();
  }

  private static GrpoBatch of(
      Collection<List<Row>> groups,
      Collection<List<Row>> kept,
      List<Rows.GroupFiltered> filtered,
      PolicyStep objective,
      Penalty penalty) {
    List<Row> sampled = groups.stream().flatMap(List::stream).toList();
    List<Row> compared = kept.stream().flatMap(List::stream).toList();
    List<Rows.Trajectory> trajectories = compared.stream().map(Rows.TRAJECTORY::fromRow).toList();
    double[] penalties = penalty.of(trajectories);
    double[] totals = column(compared, "total");
    double[] shaped = new double[totals.length];
    double[] lengths = new double[totals.length];
    long[] group = new long[totals.length];
    for (int i = 0; i < totals.length; i++) {
      lengths[i] = trajectories.get(i).completionIds().size();
      shaped[i] = objective.shaped(totals[i], (long) lengths[i]) - penalties[i];
      boolean next =
          i > 0 && !trajectories.get(i).queryId().equals(trajectories.get(i - 1).queryId());
      group[i] = i == 0 ? 0 : group[i - 1] + (next ? 1 : 0);
    }
    double[] advantages = objective.advantages(shaped, lengths, group);
    List<Sample> samples =
        IntStream.range(0, totals.length)
            .filter(i -> !Double.isNaN(totals[i]))
            .mapToObj(i -> new Sample(trajectories.get(i), totals[i], advantages[i]))
            .toList();
    double[] all =
        Arrays.stream(column(sampled, "total")).filter(total -> !Double.isNaN(total)).toArray();
    double mean = Arrays.stream(all).average().orElse(0);
    double square = Arrays.stream(all).map(r -> (r - mean) * (r - mean)).average().orElse(0);
    return new GrpoBatch(
        samples,
        groups.size(),
        kept.size(),
        filtered,
        mean,
        Math.sqrt(square),
        parts(sampled, penalties),
        agreeing(groups));
  }

  /** Of the total's parts, users' own as {@code custom.NAME}, and of what the divergence took. */
  private static Map<String, Masked.Spread> parts(List<Row> sampled, double[] penalties) {
    Map<String, double[]> parts = new TreeMap<>();
    for (String part : List.of("format", "accuracy", "reflection")) {
      parts.put(part, column(sampled, part));
    }
    for (int i = 0; i < sampled.size(); i++) {
      Map<String, Row> own = sampled.get(i).getJavaMap(sampled.get(i).fieldIndex("custom"));
      for (var reward : own == null ? Map.<String, Row>of().entrySet() : own.entrySet()) {
        Double value = reward.getValue().getAs("value");
        parts.computeIfAbsent("custom." + reward.getKey(), name -> unknown(sampled.size()))[i] =
            value == null ? Double.NaN : value;
      }
    }
    if (Arrays.stream(penalties).anyMatch(p -> p != 0)) {
      parts.put("divergence", Arrays.stream(penalties).map(p -> -p).toArray());
    }
    Map<String, Masked.Spread> spreads = new TreeMap<>();
    parts.forEach((name, values) -> spreads.put(name, Masked.spread(values)));
    spreads.values().removeIf(spread -> spread.count() == 0);
    return spreads;
  }

  private static double[] unknown(int count) {
    double[] values = new double[count];
    Arrays.fill(values, Double.NaN);
    return values;
  }

  /** Groups that have rewards and whose rewards are all equal, of those that have any. */
  private static double agreeing(Collection<List<Row>> groups) {
    List<Masked.Spread> scored =
        groups.stream()
            .map(group -> Masked.spread(column(group, "total")))
            .filter(spread -> spread.count() > 0)
            .toList();
    long agree = scored.stream().filter(GrpoBatch::isOne).count();
    return scored.isEmpty() ? 0 : (double) agree / scored.size();
  }

  private static boolean isOne(Masked.Spread rewards) {
    return rewards.most() - rewards.least() <= SAME_REWARD;
  }

  /** Mean of each reward. */
  Map<String, Double> means() {
    Map<String, Double> means = new TreeMap<>();
    parts.forEach((name, spread) -> means.put(name, spread.mean()));
    return means;
  }

  /** Whether not one answer is right, of those whose right answer is known. */
  boolean isNoneRight() {
    return parts.containsKey("accuracy") && parts.get("accuracy").most() == 0;
  }

  /** How far the rewards spread, by TRL's names. */
  Map<String, Double> spreads() {
    Map<String, Double> spreads = new TreeMap<>();
    parts.forEach(
        (name, spread) -> spreads.put("rewards/%s/std".formatted(name), spread.deviation()));
    spreads.values().removeIf(deviation -> Double.isNaN(deviation)); // One sample has none.
    spreads.put("frac_reward_zero_std", agreeing);
    return spreads;
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

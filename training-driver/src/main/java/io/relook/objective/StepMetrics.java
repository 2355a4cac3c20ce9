package io.relook.objective;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** What a step measured, under TRL's names. */
public final class StepMetrics {
  private StepMetrics() {}

  /**
   * Where the ratio's clip acts for its sign: shares of the counted tokens, and the least and most
   * of a row's shares (NaN where no row counts). {@code byRow}: one ratio and one advantage a row,
   * so rows are averaged, those without a counted token too.
   */
  public static Map<String, Double> clip(
      ClipBounds bounds, double[][] ratios, double[][] advantages, double[][] mask, boolean byRow) {
    double[][] low = flags(mask, (i, t) -> bounds.below(ratios[i][t], advantages[i][t]));
    double[][] high = flags(mask, (i, t) -> bounds.above(ratios[i][t], advantages[i][t]));
    Map<String, Double> metrics = new TreeMap<>();
    double lowMean = average(low, mask, byRow);
    double highMean = average(high, mask, byRow);
    metrics.put("clip_ratio/low_mean", lowMean);
    metrics.put("clip_ratio/high_mean", highMean);
    metrics.put("clip_ratio/region_mean", lowMean + highMean);
    metrics.put("clip_ratio/low_min", Masked.spread(rows(low, mask, byRow)).least());
    metrics.put("clip_ratio/high_max", Masked.spread(rows(high, mask, byRow)).most());
    return metrics;
  }

  /** The mean over counted tokens, or of one value a row over all rows. */
  public static double average(double[][] values, double[][] mask, boolean byRow) {
    return byRow
        ? Arrays.stream(rows(values, mask, true)).average().orElse(0)
        : Masked.mean(values, mask);
  }

  /** Lengths of all completions, and of those that ended by themselves. */
  public static Map<String, Double> lengths(double[][] mask, boolean[] finished) {
    double[] all = Arrays.stream(mask).mapToDouble(Masked::sum).toArray();
    double[] ended =
        java.util.stream.IntStream.range(0, all.length)
            .filter(i -> finished[i])
            .mapToDouble(i -> all[i])
            .toArray();
    Map<String, Double> metrics = new TreeMap<>();
    spread(metrics, "completions/%s_length", all);
    spread(metrics, "completions/%s_terminated_length", ended.length == 0 ? new double[1] : ended);
    metrics.put("completions/clipped_ratio", 1 - (double) ended.length / all.length);
    return metrics;
  }

  /** How far the sampler's log-probabilities are from ours, where it gave any. */
  public static Map<String, Double> sampler(
      double[][] logProbs, double[][] sampling, double[][] mask) {
    double[][] apart = Masked.map(mask, (i, t) -> Math.abs(logProbs[i][t] - sampling[i][t]));
    Masked.Spread spread = Masked.spread(Masked.counted(apart, mask));
    return Map.of(
        "sampling/sampling_logp_difference/mean", spread.count() == 0 ? 0 : spread.mean(),
        "sampling/sampling_logp_difference/max", spread.count() == 0 ? 0 : spread.most());
  }

  /** The sampler correction's weights: of counted tokens, or one a row. */
  public static Map<String, Double> corrections(
      double[][] weights, double[][] mask, boolean byRow) {
    Masked.Spread spread =
        Masked.spread(byRow ? rows(weights, mask, true) : Masked.counted(weights, mask));
    String name = "sampling/importance_sampling_ratio/";
    return Map.of(
        name + "min", spread.count() == 0 ? 0 : spread.least(),
        name + "mean", spread.count() == 0 ? 0 : spread.mean(),
        name + "max", spread.count() == 0 ? 0 : spread.most());
  }

  /**
   * Rewards (B, F) by function and in total, and the share of rows whose deviation is 0.
   *
   * @param deviations what would divide each row's advantage; NaN is not 0
   */
  public static Map<String, Double> rewards(
      double[][] rewards, double[] weights, double[] deviations) {
    Map<String, Double> metrics = new TreeMap<>();
    for (int f = 0; f < weights.length; f++) {
      int column = f;
      Masked.Spread own =
          Masked.spread(Arrays.stream(rewards).mapToDouble(row -> row[column]).toArray());
      metrics.put("rewards/reward_%d/mean".formatted(f), own.mean());
      metrics.put("rewards/reward_%d/std".formatted(f), own.deviation());
    }
    Masked.Spread total = Masked.spread(OutcomeAdvantages.totals(rewards, weights));
    metrics.put("reward", total.mean());
    metrics.put("reward_std", total.deviation());
    double zero = Arrays.stream(deviations).filter(d -> Math.abs(d) <= 1e-8).count();
    metrics.put("frac_reward_zero_std", zero / deviations.length);
    return metrics;
  }

  private static void spread(Map<String, Double> metrics, String name, double[] values) {
    Masked.Spread spread = Masked.spread(values);
    metrics.put(name.formatted("mean"), spread.mean());
    metrics.put(name.formatted("min"), spread.least());
    metrics.put(name.formatted("max"), spread.most());
  }

  private static double[][] flags(double[][] mask, Masked.Predicate holds) {
    return Masked.map(mask, (i, t) -> holds.at(i, t) ? 1 : 0);
  }

  /** One value a row: its only one, or the mean over its counted tokens, NaN without any. */
  private static double[] rows(double[][] values, double[][] mask, boolean byRow) {
    double[] rows = new double[values.length];
    Arrays.setAll(
        rows,
        i ->
            byRow
                ? (values[i].length == 0 ? 0 : values[i][0])
                : Masked.sum(values[i], mask[i]) / Masked.sum(mask[i]));
    return rows;
  }
}

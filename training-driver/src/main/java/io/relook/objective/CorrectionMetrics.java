package io.relook.objective;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far the sampler and the policy are apart, and what a correction or rejection did about it,
 * under verl's names without their prefix. A row's value counts for each row, one without counted
 * tokens as 0, unless said otherwise.
 */
public final class CorrectionMetrics {
  private static final double LOG_BOUND = 20;

  private CorrectionMetrics() {}

  /** Perplexities, KL and χ² of the policy against its sampler. */
  public static Map<String, Double> apart(
      double[][] logProbs, double[][] sampling, double[][] mask) {
    Map<String, Double> metrics = new TreeMap<>();
    double[] own = Masked.rowMeans(logProbs, mask);
    double[] theirs = Masked.rowMeans(sampling, mask);
    double[] between = new double[own.length];
    Arrays.setAll(between, i -> theirs[i] - own[i]);
    Masked.Spread difference = Masked.spread(between);
    metrics.put("training_ppl", average(own, x -> Math.exp(-x)));
    metrics.put("training_log_ppl", average(own, x -> -x));
    metrics.put("rollout_ppl", average(theirs, x -> Math.exp(-x)));
    metrics.put("rollout_log_ppl", average(theirs, x -> -x));
    metrics.put("log_ppl_diff", difference.mean());
    metrics.put("log_ppl_abs_diff", average(between, Math::abs));
    metrics.put("log_ppl_diff_max", difference.most());
    metrics.put("log_ppl_diff_min", difference.least());
    metrics.put("ppl_ratio", average(between, Math::exp));
    double[][] logs = Masked.map(mask, (i, t) -> logProbs[i][t] - sampling[i][t]);
    metrics.put("kl", -Masked.mean(logs, mask));
    metrics.put("k3_kl", Masked.mean(Masked.each(logs, d -> Math.exp(d) - d - 1), mask));
    metrics.put("chi2_token", Masked.mean(Masked.each(logs, d -> squared(d)), mask) - 1);
    double[] sums = new double[logs.length];
    Arrays.setAll(sums, i -> Masked.sum(logs[i], mask[i]));
    metrics.put("chi2_seq", average(sums, CorrectionMetrics::squared) - 1);
    return metrics;
  }

  /** What weights did; {@code rollout_is_*}. Metrics are of the weights before normalising. */
  public static Map<String, Double> weights(
      SamplerCorrection correction, double[][] logProbs, double[][] sampling, double[][] mask) {
    double[][] logs = correction.logs(logProbs, sampling, mask);
    double[][] raw = onlyCounted(correction.raw(logProbs, sampling, mask), mask);
    double[][] bounded = onlyCounted(Masked.each(raw, correction::bounded), mask);
    double most = correction.most();
    boolean lowerBound = correction.least() > 0;
    double least = lowerBound ? correction.least() : 1 / most;
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("rollout_is_mean", Masked.mean(bounded, mask));
    if (correction.bySequence()) {
      double[] first =
          Arrays.stream(logs).mapToDouble(row -> row.length == 0 ? 0 : row[0]).toArray();
      Masked.Spread spread = Masked.spread(first);
      metrics.put("rollout_is_max", Math.exp(Math.min(LOG_BOUND, spread.most())));
      metrics.put("rollout_is_min", Math.exp(spread.least()));
      metrics.put(
          "rollout_is_ratio_fraction_high", average(first, x -> x > Math.log(most) ? 1 : 0));
      metrics.put(
          "rollout_is_ratio_fraction_low", average(first, x -> x < Math.log(least) ? 1 : 0));
    } else {
      Masked.Spread spread = Masked.spread(Masked.counted(bounded, mask));
      metrics.put("rollout_is_max", spread.most());
      metrics.put("rollout_is_min", spread.least());
      metrics.put("rollout_is_ratio_fraction_high", Masked.share(mask, (i, t) -> raw[i][t] > most));
      metrics.put("rollout_is_ratio_fraction_low", Masked.share(mask, (i, t) -> raw[i][t] < least));
    }
    double[][] held = Masked.each(bounded, w -> Math.min(w, most));
    metrics.put("rollout_is_std", deviation(held, mask));
    double mean = Masked.mean(held, mask) + 1e-8;
    double square = Masked.mean(Masked.each(held, w -> w / mean * (w / mean)), mask);
    metrics.put("rollout_is_eff_sample_size", 1 / square);
    double[] rows = Masked.rowMeans(bounded, mask);
    rows(metrics, "rollout_is", rows, 1);
    double[] rawRows = Masked.rowMeans(raw, mask);
    metrics.put("rollout_is_seq_fraction_high", average(rawRows, x -> x > most ? 1 : 0));
    metrics.put("rollout_is_seq_fraction_low", average(rawRows, x -> x < least ? 1 : 0));
    if (correction.outside() == SamplerCorrection.Outside.ZERO) {
      metrics.put(
          "rollout_is_oob_ratio",
          Masked.share(mask, (i, t) -> raw[i][t] < correction.least() || raw[i][t] > most));
    }
    if (correction.normalised()) {
      metrics.put("rollout_is_batch_norm_factor", correction.factor(bounded, mask));
    }
    return metrics;
  }

  /** What a rule left out; {@code rollout_rs_NAME_*}. Of rows with a counted token alone. */
  public static Map<String, Double> rejection(Rejection rule, double[][] values, double[][] mask) {
    String name = "rollout_rs_" + rule.name();
    boolean low = rule.measure() == Rejection.Measure.K1;
    Map<String, Double> metrics = new TreeMap<>();
    double[] rows =
        java.util.stream.IntStream.range(0, mask.length)
            .filter(i -> Masked.sum(mask[i]) > 0)
            .mapToDouble(i -> Masked.mean(values[i], mask[i]))
            .toArray();
    Masked.Spread spread = Masked.spread(rule.byToken() ? Masked.counted(values, mask) : rows);
    metrics.put(name + "_mean", Masked.mean(values, mask));
    metrics.put(name + "_max", spread.most());
    metrics.put(name + "_min", spread.least());
    double highRows = average(rows, x -> x > rule.most() ? 1 : 0);
    double lowRows = average(rows, x -> low && x < rule.least() ? 1 : 0);
    double highTokens = Masked.share(mask, (i, t) -> values[i][t] > rule.most());
    double lowTokens = Masked.share(mask, (i, t) -> low && values[i][t] < rule.least());
    metrics.put(name + "_fraction_high", rule.byToken() ? highTokens : highRows);
    metrics.put(name + "_fraction_low", rule.byToken() ? lowTokens : lowRows);
    metrics.put(
        name + "_std",
        deviation(
            Masked.each(values, x -> Math.max(low ? rule.least() : 0, Math.min(rule.most(), x))),
            mask));
    rows(metrics, name, rows, 0);
    metrics.put(name + "_seq_fraction_high", highRows);
    if (low) {
      metrics.put(name + "_seq_fraction_low", lowRows);
    }
    double[][] kept = rule.kept(values, mask);
    metrics.put(name + "_masked_fraction", lost(kept, mask));
    metrics.put(name + "_seq_masked_fraction", rowsTouched(kept, mask, rows.length));
    return metrics;
  }

  /** What all rules together left out. */
  public static Map<String, Double> rejected(double[][] kept, double[][] mask) {
    return Map.of(
        "rollout_rs_masked_fraction",
        lost(kept, mask),
        "rollout_rs_seq_masked_fraction",
        rowsTouched(kept, mask, mask.length));
  }

  private static void rows(
      Map<String, Double> metrics, String name, double[] rows, double expected) {
    Masked.Spread spread = Masked.spread(rows);
    metrics.put(name + "_seq_mean", spread.mean());
    metrics.put(name + "_seq_std", spread.count() < 2 ? 0 : spread.deviation());
    metrics.put(name + "_seq_max", spread.most());
    metrics.put(name + "_seq_min", spread.least());
    metrics.put(
        name + "_seq_max_deviation",
        Arrays.stream(rows).map(x -> Math.abs(x - expected)).max().orElse(0));
  }

  private static double lost(double[][] kept, double[][] mask) {
    return Masked.share(mask, (i, t) -> kept[i][t] == 0);
  }

  private static double rowsTouched(double[][] kept, double[][] mask, double rows) {
    int touched = 0;
    for (int i = 0; i < mask.length; i++) {
      touched += Masked.sum(kept[i]) < Masked.sum(mask[i]) ? 1 : 0;
    }
    return rows == 0 ? 0 : touched / rows;
  }

  /** √(mean of squares - square of the mean), 0 for a single token. */
  private static double deviation(double[][] values, double[][] mask) {
    double mean = Masked.mean(values, mask);
    return Math.sqrt(Masked.mean(Masked.each(values, x -> (x - mean) * (x - mean)), mask));
  }

  private static double[][] onlyCounted(double[][] values, double[][] mask) {
    return Masked.map(mask, (i, t) -> values[i][t] * mask[i][t]);
  }

  private static double squared(double log) {
    return Math.exp(2 * Math.max(-LOG_BOUND, Math.min(LOG_BOUND, log)));
  }

  private static double average(double[] values, java.util.function.DoubleUnaryOperator of) {
    return Arrays.stream(values).map(of).average().orElse(0);
  }
}

package io.relook.objective;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Leaves out tokens, or whole rows, whose sampler and policy disagree too much. The measures are of
 * log p_sampler - log p, clamped to ±20: k1 itself, k2 half its square, k3 exp(-k1) - 1 + k1; of a
 * token, or of a row: their sum, mean or maximum.
 *
 * @param name as verl writes it, such as {@code seq_mean_k3}
 * @param least smallest value that stays
 * @param most largest value that stays
 */
public record Rejection(String name, Over over, Measure measure, double least, double most) {
  private static final double LOG_BOUND = 20;

  /** What is measured. */
  public enum Over {
    TOKEN,
    SEQUENCE_SUM,
    SEQUENCE_MEAN,
    SEQUENCE_MAX
  }

  /** How far apart the two are. */
  public enum Measure {
    K1,
    K2,
    K3
  }

  /**
   * Rules in verl's words.
   *
   * @param rules such as {@code token_k1,seq_mean_k3}
   * @param thresholds one for all, or one a rule; of k1 {@code low_high} or one number x, which is
   *     1/x to x, bounds of p_sampler / p; of the others the largest value
   */
  public static List<Rejection> parse(String rules, String thresholds) {
    List<String> names = parts(rules);
    List<String> bounds = parts(thresholds);
    if (bounds.size() != 1 && bounds.size() != names.size()) {
      throw new IllegalArgumentException(
          "%d thresholds for the rejection rules %s".formatted(bounds.size(), rules));
    }
    List<Rejection> all = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String bound = bounds.get(bounds.size() == 1 ? 0 : i);
      Rejection rule = rule(names.get(i), bound);
      if (all.stream().noneMatch(r -> r.name.equals(rule.name))) {
        all.add(rule);
      }
    }
    return all;
  }

  private static Rejection rule(String name, String bound) {
    int last = name.lastIndexOf('_');
    Over over =
        switch (name.substring(0, Math.max(0, last))) {
          case "token" -> Over.TOKEN;
          case "seq_sum" -> Over.SEQUENCE_SUM;
          case "seq_mean" -> Over.SEQUENCE_MEAN;
          case "seq_max" -> Over.SEQUENCE_MAX;
          default -> throw new IllegalArgumentException("no rejection rule " + name);
        };
    Measure measure =
        switch (name.substring(last + 1)) {
          case "k1" -> Measure.K1;
          case "k2" -> Measure.K2;
          case "k3" -> Measure.K3;
          default -> throw new IllegalArgumentException("no rejection rule " + name);
        };
    int between = bound.indexOf('_');
    if (measure != Measure.K1) {
      return new Rejection(name, over, measure, 0, Double.parseDouble(bound));
    }
    double high = Double.parseDouble(bound.substring(between + 1));
    double low = between < 0 ? 1 / high : Double.parseDouble(bound.substring(0, between));
    return new Rejection(name, over, measure, Math.log(low), Math.log(high));
  }

  private static List<String> parts(String list) {
    return Arrays.stream(list.split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
  }

  boolean byToken() {
    return over == Over.TOKEN;
  }

  /** The measure for each token; a row's own value for all its tokens. */
  public double[][] values(double[][] logProbs, double[][] sampling, double[][] mask) {
    double[][] tokens = Masked.map(mask, (i, t) -> measured(logProbs[i][t] - sampling[i][t]));
    return switch (over) {
      case TOKEN -> tokens;
      case SEQUENCE_SUM -> Masked.map(mask, (i, t) -> Masked.sum(tokens[i], mask[i]));
      case SEQUENCE_MEAN -> Masked.map(mask, (i, t) -> Masked.mean(tokens[i], mask[i]));
      case SEQUENCE_MAX -> Masked.map(mask, (i, t) -> largest(tokens[i], mask[i]));
    };
  }

  /** 1 where the token stays, 0 where it is left out or did not count before. */
  public double[][] kept(double[][] values, double[][] mask) {
    return Masked.map(mask, (i, t) -> keeps(values[i][t]) ? mask[i][t] : 0);
  }

  boolean keeps(double value) {
    return value <= most && (measure != Measure.K1 || value >= least);
  }

  private double measured(double logRatio) {
    double d = Math.max(-LOG_BOUND, Math.min(LOG_BOUND, logRatio));
    return switch (measure) {
      case K1 -> -d;
      case K2 -> d * d / 2;
      case K3 -> Math.exp(d) - 1 - d;
    };
  }

  private static double largest(double[] values, double[] mask) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int t = 0; t < values.length; t++) {
      largest = mask[t] > 0 ? Math.max(largest, values[t]) : largest;
    }
    return largest == Double.NEGATIVE_INFINITY ? 0 : largest;
  }
}

package io.relook.objective;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Advantages from one score a row, compared within groups of rows that answer the same query. NaN:
 * a row that nobody scored; it leaves the group's statistics and gets 0.
 */
public sealed interface OutcomeAdvantages {
  /**
   * @param scores one a row
   * @param lengths counted tokens of each row
   * @param groups rows with the same number belong together, wherever they lie
   */
  double[] of(double[] scores, double[] lengths, long[] groups);

  /** What the deviation is taken over that divides. */
  enum Scale {
    GROUP,
    BATCH,
    NONE
  }

  /** What a row gets that is the only scored one of its group. */
  enum Alone {
    ZERO,
    ITS_SCORE
  }

  /**
   * (score - group's mean) / (deviation + ε), deviation with n - 1 (GRPO, arXiv 2402.03300; without
   * scale: Dr.GRPO, arXiv 2503.20783). A row alone that keeps its score is divided by 1 + ε.
   */
  record Normalised(Scale scale, double epsilon, Alone alone) implements OutcomeAdvantages {
    @Override
    public double[] of(double[] scores, double[] lengths, long[] groups) {
      double[] advantages = new double[scores.length];
      double batch = Masked.spread(scores).deviation();
      for (int[] group : members(groups)) {
        Masked.Spread own = Masked.spread(pick(scores, group));
        boolean keeps = own.count() == 1 && alone == Alone.ITS_SCORE;
        double mean = keeps ? 0 : own.mean();
        double deviation = keeps ? 1 : scale == Scale.BATCH ? batch : own.deviation();
        for (int i : group) {
          double centred = scores[i] - mean;
          double value = scale == Scale.NONE ? centred : centred / (deviation + epsilon);
          advantages[i] = Double.isNaN(value) ? 0 : value;
        }
      }
      return advantages;
    }
  }

  /** score - mean of the others' (RLOO, arXiv 2402.14740). */
  record LeaveOneOut(Alone alone) implements OutcomeAdvantages {
    @Override
    public double[] of(double[] scores, double[] lengths, long[] groups) {
      double[] advantages = new double[scores.length];
      for (int[] group : members(groups)) {
        Masked.Spread own = Masked.spread(pick(scores, group));
        for (int i : group) {
          double n = own.count();
          double single = alone == Alone.ITS_SCORE ? scores[i] : 0;
          double value = n < 2 ? single : (scores[i] - own.mean()) * n / (n - 1);
          advantages[i] = Double.isNaN(value) ? 0 : value;
        }
      }
      return advantages;
    }
  }

  /**
   * The best row of a group gets best minus second best, over the deviation + ε where scaled; the
   * others 0 (pass@k training, arXiv 2503.19595). Of equal best rows the first.
   */
  record BestAlone(boolean scaled, double epsilon) implements OutcomeAdvantages {
    @Override
    public double[] of(double[] scores, double[] lengths, long[] groups) {
      double[] advantages = new double[scores.length];
      for (int[] group : members(groups)) {
        int best = -1;
        double second = Double.NaN;
        for (int i : group) {
          if (Double.isNaN(scores[i])) {
            continue;
          }
          if (best < 0 || scores[i] > scores[best]) {
            second = best < 0 ? Double.NaN : scores[best];
            best = i;
          } else if (!(second >= scores[i])) {
            second = scores[i];
          }
        }
        if (!Double.isNaN(second)) {
          double deviation = Masked.spread(pick(scores, group)).deviation();
          advantages[best] = (scores[best] - second) / (scaled ? deviation + epsilon : 1);
        }
      }
      return advantages;
    }
  }

  /** score - mean weighted by length (OPO, arXiv 2505.23585); a row alone keeps its score. */
  record LengthWeighted() implements OutcomeAdvantages {
    @Override
    public double[] of(double[] scores, double[] lengths, long[] groups) {
      double[] advantages = new double[scores.length];
      for (int[] group : members(groups)) {
        double sum = 0;
        double weight = 0;
        int count = 0;
        for (int i : group) {
          if (!Double.isNaN(scores[i])) {
            sum += lengths[i] * scores[i];
            weight += lengths[i];
            count++;
          }
        }
        double baseline = count < 2 ? 0 : sum / weight;
        for (int i : group) {
          advantages[i] = Double.isNaN(scores[i]) ? 0 : scores[i] - baseline;
        }
      }
      return advantages;
    }
  }

  /**
   * score - mean, times rows over rows with a score that is not 0 (GPG, arXiv 2504.02546); a row
   * alone keeps its score.
   */
  record SparseCentred() implements OutcomeAdvantages {
    @Override
    public double[] of(double[] scores, double[] lengths, long[] groups) {
      double scored = Arrays.stream(scores).filter(s -> s != 0 && !Double.isNaN(s)).count();
      double factor = scores.length / Math.max(1, scored);
      double[] centred = new Normalised(Scale.NONE, 0, Alone.ITS_SCORE).of(scores, lengths, groups);
      return Arrays.stream(centred).map(a -> a * factor).toArray();
    }
  }

  /** Σ weight · reward over the functions that scored a row; NaN where none did. */
  static double[] totals(double[][] rewards, double[] weights) {
    double[] totals = new double[rewards.length];
    for (int i = 0; i < totals.length; i++) {
      boolean scored = false;
      for (int f = 0; f < weights.length; f++) {
        if (!Double.isNaN(rewards[i][f])) {
          totals[i] += weights[f] * rewards[i][f];
          scored = true;
        }
      }
      totals[i] = scored ? totals[i] : Double.NaN;
    }
    return totals;
  }

  /**
   * Each function's rewards normalised in their group first, then the weighted sum, normalised over
   * the batch (GDPO, arXiv 2601.05242). A function's only scored row of a group enters as 0.
   */
  static double[] normalisedThenSummed(
      double[][] rewards, double[] weights, long[] groups, double epsilon) {
    double[] totals = normalisedSums(rewards, weights, groups, epsilon);
    return new Normalised(Scale.BATCH, epsilon, Alone.ZERO)
        .of(totals, totals, new long[totals.length]);
  }

  /** The weighted sums before they are normalised; NaN where no function scored. */
  static double[] normalisedSums(
      double[][] rewards, double[] weights, long[] groups, double epsilon) {
    double[][] parts = new double[rewards.length][weights.length];
    for (int f = 0; f < weights.length; f++) {
      int column = f;
      double[] scores = Arrays.stream(rewards).mapToDouble(row -> row[column]).toArray();
      double[] own = new Normalised(Scale.GROUP, epsilon, Alone.ZERO).of(scores, scores, groups);
      for (int i = 0; i < parts.length; i++) {
        parts[i][f] = Double.isNaN(scores[i]) ? Double.NaN : own[i];
      }
    }
    return totals(parts, weights);
  }

  /** The deviation that belongs to each row, of its group where nothing is scaled. */
  static double[] deviations(double[] scores, long[] groups, Scale scale) {
    double[] deviations = new double[scores.length];
    double batch = Masked.spread(scores).deviation();
    for (int[] group : members(groups)) {
      double own = group.length < 2 ? 0 : Masked.spread(pick(scores, group)).deviation();
      for (int i : group) {
        deviations[i] = scale == Scale.BATCH ? batch : own;
      }
    }
    return deviations;
  }

  /** The rows of each group, groups in the order of their first row. */
  static List<int[]> members(long[] groups) {
    Map<Long, List<Integer>> members = new LinkedHashMap<>();
    for (int i = 0; i < groups.length; i++) {
      members.computeIfAbsent(groups[i], g -> new ArrayList<>()).add(i);
    }
    return members.values().stream()
        .map(rows -> rows.stream().mapToInt(Integer::intValue).toArray())
        .toList();
  }

  static double[] pick(double[] values, int[] rows) {
    return Arrays.stream(rows).mapToDouble(i -> values[i]).toArray();
  }
}

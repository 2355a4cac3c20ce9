package io.relook.parity;

import io.relook.objective.OutcomeAdvantages;
import io.relook.objective.OverlongPenalty;
import io.relook.objective.StepMetrics;
import java.util.Arrays;

/** Cases of TRL's advantages and of its punishment of long answers. */
final class TrlAdvantages {
  private static final double EPSILON = 1e-4;

  private TrlAdvantages() {}

  static void check(GoldenCase c) {
    c.knows("num_generations", "reward_weights", "scale_rewards", "multi_objective_aggregation");
    c.tensor("advantages", of(c));
  }

  static void overlong(GoldenCase c) {
    c.knows("max_completion_len", "soft_punish_cache");
    OverlongPenalty penalty =
        new OverlongPenalty(
            (int) c.number("max_completion_len"), (int) c.number("soft_punish_cache"));
    c.tensor("rewards", Arrays.stream(c.longs("lengths")).mapToDouble(penalty::of).toArray());
  }

  /** Advantages, one a row, and the rewards' metrics. */
  static double[] of(GoldenCase c) {
    double[][] rewards = c.rows("rewards");
    double[] weights = new double[rewards[0].length];
    for (int f = 0; f < weights.length; f++) {
      weights[f] =
          c.hyper("reward_weights").isNull() ? 1 : c.hyper("reward_weights").get(f).asDouble();
    }
    long[] groups = new long[rewards.length];
    Arrays.setAll(groups, i -> i / (int) c.number("num_generations"));
    double[] totals = OutcomeAdvantages.totals(rewards, weights);
    OutcomeAdvantages.Scale scale =
        switch (c.text("scale_rewards")) {
          case "group" -> OutcomeAdvantages.Scale.GROUP;
          case "batch" -> OutcomeAdvantages.Scale.BATCH;
          case "none" -> OutcomeAdvantages.Scale.NONE;
          default -> throw new IllegalArgumentException("scale_rewards " + c.text("scale_rewards"));
        };
    switch (c.text("multi_objective_aggregation")) {
      case "sum_then_normalize" -> {
        c.metrics(
            "",
            StepMetrics.rewards(
                rewards, weights, OutcomeAdvantages.deviations(totals, groups, scale)));
        return new OutcomeAdvantages.Normalised(scale, EPSILON, OutcomeAdvantages.Alone.ZERO)
            .of(totals, totals, groups);
      }
      case "normalize_then_sum" -> {
        double[] sums = OutcomeAdvantages.normalisedSums(rewards, weights, groups, EPSILON);
        c.metrics(
            "",
            StepMetrics.rewards(
                rewards,
                weights,
                OutcomeAdvantages.deviations(sums, groups, OutcomeAdvantages.Scale.BATCH)));
        return OutcomeAdvantages.normalisedThenSummed(rewards, weights, groups, EPSILON);
      }
      default ->
          throw new IllegalArgumentException(
              "multi_objective_aggregation " + c.text("multi_objective_aggregation"));
    }
  }
}
